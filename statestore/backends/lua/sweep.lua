-- Removes what has expired in several scopes of one bucket.
-- KEYS: index, scopes. ARGV: now, the names of the scopes in the same order.
-- Answers in one text, for each scope, the number of entries that went.

local index, now = KEYS[1], ARGV[1]

local function sweep(scope, name)
    local expired = {}
    each(scope, function(field, stored)
        if not is_live(stored, now) then
            expired[#expired + 1] = field
        end
    end)
    if #expired > 0 then
        remove(scope, index, name, expired)
    end
    return #expired
end

local answer = {}
for i = 2, #KEYS do
    local kind = redis.call('TYPE', KEYS[i]).ok
    answer[i - 1] = kind == 'hash' and sweep(KEYS[i], ARGV[i]) or 0
end
return table.concat(answer, ' ')
