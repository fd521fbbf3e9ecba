-- Writes entries into a scope that is as it must be.
-- KEYS: scope, index. ARGV: now, the scope's name, the number of live entries it must have, their fields and versions,
-- then a field and what to store in it, and so on. Answers whether it has written.

local scope, index = KEYS[1], KEYS[2]
local now, name, demanded = ARGV[1], ARGV[2], tonumber(ARGV[3])
local first = 4 + 2 * demanded
local versions, as_demanded = {}, true
for i = 4, first - 1, 2 do
    versions[ARGV[i]] = ARGV[i + 1]
end

local live = look_at(scope, now, function(field, stored)
    as_demanded = as_demanded and versions[field] == version_of(stored)
end)
if not (as_demanded and live == demanded) then
    return 0
end
redis.call('ZADD', index, 0, name)
redis.call('HSET', scope, unpack(ARGV, first))
return 1
