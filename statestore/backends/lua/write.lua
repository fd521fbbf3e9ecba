-- Writes entries, and the scope's name into the index.
-- KEYS: scope, index. ARGV: what must be there ('' anything, '-' nothing, '=' and a version), now, the scope's name,
-- then a field and what to store in it, and so on. With a demand there is one field. Answers whether it has written.

local scope, index = KEYS[1], KEYS[2]
local demand, now, name = ARGV[1], ARGV[2], ARGV[3]

if demand == '' then
    redis.call('HLEN', scope) -- where somebody keeps another type under this name, fail before the index is written
elseif state(scope, ARGV[4], now) ~= demand then
    return 0
end
redis.call('ZADD', index, 0, name)
redis.call('HSET', scope, unpack(ARGV, 4))
return 1
