-- Answers the fields of a scope's live entries in one text, their number first: as many replies take longer to make
-- and to read. KEYS: scope. ARGV: now.

local scope, now = KEYS[1], ARGV[1]
local fields

if count_of_lasting(scope) then
    fields = redis.call('HKEYS', scope)
else
    fields = {}
    each(scope, function(field, stored)
        if is_live(stored, now) then
            fields[#fields + 1] = field
        end
    end)
end
table.insert(fields, 1, #fields)
return table.concat(fields, '\n')
