-- Removes entries, and with the last one the scope.
-- KEYS: scope, index. ARGV: what must be there ('' anything, '=' and a version), now, the scope's name, then the
-- fields; with a demand, one. Answers the fields of the live entries that went.

local scope, index = KEYS[1], KEYS[2]
local demand, now, name = ARGV[1], ARGV[2], ARGV[3]
local gone = {}

if demand ~= '' and state(scope, ARGV[4], now) ~= demand then
    return gone
end
for i = 4, #ARGV do
    if state(scope, ARGV[i], now) ~= '-' then
        gone[#gone + 1] = ARGV[i]
    end
end
remove(scope, index, name, {unpack(ARGV, 4)})
return gone
