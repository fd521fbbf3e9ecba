-- Notes that a scope is used now, if it has a live entry. KEYS: scope. ARGV: now. Answers whether it has.

local scope, now = KEYS[1], ARGV[1]
local cursor = '0'
repeat
    local page = redis.call('HSCAN', scope, cursor, 'COUNT', 100)
    cursor = page[1]
    for i = 1, #page[2], 2 do
        if page[2][i] ~= '' and is_live(page[2][i + 1], now) then
            redis.call('HSET', scope, '', now)
            return 1
        end
    end
until cursor == '0'
return 0
