-- Says of several scopes of one bucket what a listing shows, and drops from the index those that are not there.
-- KEYS: index, scopes. ARGV: now.
-- Answers in one text, for each scope: number of live entries, bytes of their texts, last use.

local index, now = KEYS[1], ARGV[1]

local function info(scope)
    local bytes = 0
    local live, used, expired = look_at_hash(scope, now, function(_, stored)
        bytes = bytes + math.max(0, #stored - HEADER)
    end)
    if live == 0 and expired == 0 and redis.call('EXISTS', scope) == 0 then
        redis.pcall('ZREM', index, name_in(index, scope)) -- a server that takes no writes now can still list
    end
    return string.format('%d,%d,%s', live or 0, bytes, used or 0)
end

local answer = {}
for i = 2, #KEYS do
    answer[i - 1] = info(KEYS[i])
end
return table.concat(answer, ' ')
