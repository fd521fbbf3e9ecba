-- Removes what has expired in several scopes of one bucket. KEYS: index, scopes. ARGV: now, the names of the scopes
-- in the same order.

local index, now = KEYS[1], ARGV[1]

for i = 2, #KEYS do
    if redis.call('TYPE', KEYS[i]).ok == 'hash' then
        local expired = {}
        each(KEYS[i], function(field, stored)
            local _, _, expires_at = stamp(stored)
            if not is_live(expires_at, now) then
                expired[#expired + 1] = field
            end
        end)
        if #expired > 0 then
            remove(KEYS[i], index, ARGV[i], expired)
        end
    end
end
return 0
