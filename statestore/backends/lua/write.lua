-- Writes entries, and the scope's name into the index.
-- KEYS: scope, index. ARGV: what must be there ('' anything, '-' nothing, '=' and a version), now, the scope's name,
-- then a field and what to store in it, and so on. With a demand there is one field. Answers whether it has written.

local scope, index = KEYS[1], KEYS[2]
local demand, now, name = ARGV[1], ARGV[2], ARGV[3]

if demand ~= '' and state(scope, ARGV[4], now) ~= demand then
    return 0
end
redis.call('ZADD', index, 0, name)
local answer = redis.pcall('HSET', scope, unpack(ARGV, 4))
if type(answer) == 'table' then -- an error: somebody keeps another type under this name
    if redis.call('TYPE', scope).ok ~= 'hash' then -- whoever put it into the index
        redis.call('ZREM', index, name)
    end
    return answer
end
return 1
