-- Says of several scopes of one bucket what a listing shows, and drops from the index those that are not there.
-- KEYS: index, scopes. ARGV: now, the names of the scopes in the same order.
-- Answers in one text, for each scope: number of live entries, bytes of their texts, last use, number of expired ones.

local index, now = KEYS[1], ARGV[1]

local function info(scope)
    local bytes = 0
    local live, used, expired = look_at(scope, now, function(_, stored)
        bytes = bytes + math.max(0, #stored - HEADER)
    end)
    return string.format('%d,%d,%s,%d', live, bytes, used, expired)
end

local answer = {}
for i = 2, #KEYS do
    local kind = redis.call('TYPE', KEYS[i]).ok
    if kind == 'none' then
        redis.pcall('ZREM', index, ARGV[i]) -- a server that takes no writes now can still list
    end
    answer[i - 1] = kind == 'hash' and info(KEYS[i]) or '0,0,0,0'
end
return table.concat(answer, ' ')
