-- Removes a whole scope.
-- KEYS: scope, index. ARGV: now, the scope's name, a moment after which it must not have been used ('' any),
-- the number of live entries it must have ('' any), then their fields and versions.
-- Answers the number of live entries that went; nothing where the scope is not as it must be.

local scope, index = KEYS[1], KEYS[2]
local now, name, unused_since, demanded = ARGV[1], ARGV[2], ARGV[3], ARGV[4]
local versions = {}
for i = 5, #ARGV, 2 do
    versions[ARGV[i]] = ARGV[i + 1]
end

local live, as_demanded, used = 0, true, touched(scope)
each(scope, function(field, stored)
    local version, updated_at, expires_at = stamp(stored)
    if is_live(expires_at, now) then
        live = live + 1
        as_demanded = as_demanded and versions[field] == version
        if updated_at > used then
            used = updated_at
        end
    end
end)

if unused_since ~= '' and used > unused_since then
    return false
end
if demanded ~= '' and not (as_demanded and live == tonumber(demanded)) then
    return false
end
forget(scope, index, name)
return live
