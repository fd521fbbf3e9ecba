-- Removes a whole scope.
-- KEYS: scope, index. ARGV: now, the scope's name; and where something is demanded: a moment after which it must not
-- have been used ('' any), the number of live entries it must have ('' any), then their fields and versions.
-- Answers the number of live entries that went; nothing where the scope is not as it must be.

local scope, index = KEYS[1], KEYS[2]
local now, name, unused_since, demanded = ARGV[1], ARGV[2], ARGV[3] or '', ARGV[4] or ''

local versions, as_demanded = {}, true
for i = 5, #ARGV, 2 do
    versions[ARGV[i]] = ARGV[i + 1]
end

local function compare(field, stored)
    as_demanded = as_demanded and versions[field] == version_of(stored)
end
local live, used = look_at(scope, now, demanded ~= '' and compare)
if unused_since ~= '' and used > unused_since then
    return false
end
if demanded ~= '' and not (as_demanded and live == tonumber(demanded)) then
    return false
end
forget(scope, index, name)
return live
