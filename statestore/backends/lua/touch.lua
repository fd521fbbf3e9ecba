-- Notes that a scope is used now, if it has a live entry. KEYS: scope. ARGV: now. Answers whether it has.

local scope, now = KEYS[1], ARGV[1]
local cursor = '0'
repeat
    local page = redis.call('HSCAN', scope, cursor, 'COUNT', CHUNK)
    cursor = page[1]
    for i = 1, #page[2], 2 do
        local _, _, expires_at = stamp(page[2][i + 1])
        if page[2][i] ~= '' and is_live(expires_at, now) then
            redis.call('HSET', scope, '', now)
            return 1
        end
    end
until cursor == '0'
return 0
