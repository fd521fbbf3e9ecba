-- Answers the fields of a scope's live entries. KEYS: scope. ARGV: now.

local now, answer = ARGV[1], {}
each(KEYS[1], function(field, stored)
    if is_live(stored, now) then
        answer[#answer + 1] = field
    end
end)
return answer
