-- Removes several scopes of one bucket that were not used after a moment, and from the others what has expired.
-- KEYS: index, scopes. ARGV: now, the moment ('' no scope goes).
-- Answers in one text, for each scope: the number of live entries that went, 0 where it stays, 00 where there is none.

local index, now, unused_since = KEYS[1], ARGV[1], ARGV[2]
local answer, scopes, names = {}, {}, {}

local function sweep(scope)
    local expired = {}
    each(scope, function(field, stored)
        if not is_live(stored, now) then
            expired[#expired + 1] = field
        end
    end)
    remove(scope, index, name_in(index, scope), expired)
end

local function goes(live, used)
    return live == 0 or (unused_since ~= '' and used <= unused_since)
end

for i = 2, #KEYS do
    local scope = KEYS[i]
    local live, used, expired = look_at_hash(scope, now, nil, unused_since)
    answer[i - 1] = (live or 0) == 0 and '00' or goes(live, used) and live or 0
    if live and goes(live, used) then
        scopes[#scopes + 1], names[#names + 1] = scope, name_in(index, scope)
    elseif live and expired > 0 then
        sweep(scope)
    end
end
if #names > 0 then
    redis.call('UNLINK', unpack(scopes))
    redis.call('ZREM', index, unpack(names))
end
return table.concat(answer, ' ')
