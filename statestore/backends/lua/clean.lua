-- Removes those of several scopes of one bucket that were not used after a moment.
-- KEYS: index, scopes. ARGV: now, the names of the scopes in the same order, the moment.
-- Answers, for each scope, the number of live entries that went.

local index, now, unused_since = KEYS[1], ARGV[1], ARGV[#ARGV]
local answer = {}

for i = 2, #KEYS do
    local live, used = look_at(KEYS[i], now)
    if used > unused_since then
        answer[i - 1] = 0
    else
        forget(KEYS[i], index, ARGV[i])
        answer[i - 1] = live
    end
end
return answer
