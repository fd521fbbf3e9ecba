-- Removes those of several scopes of one bucket that were not used after a moment.
-- KEYS: index, scopes. ARGV: now, the names of the scopes in the same order, the moment.
-- Answers in one text, for each scope, the number of live entries that went.

local index, now, unused_since = KEYS[1], ARGV[1], ARGV[#ARGV]
local answer, scopes, names = {}, {}, {}

for i = 2, #KEYS do
    local live, used = look_at(KEYS[i], now)
    if used > unused_since then
        answer[i - 1] = 0
    else
        answer[i - 1] = live
        scopes[#scopes + 1], names[#names + 1] = KEYS[i], ARGV[i]
    end
end
if #names > 0 then
    redis.call('UNLINK', unpack(scopes))
    redis.call('ZREM', index, unpack(names))
end
return table.concat(answer, ' ')
