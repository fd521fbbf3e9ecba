-- Answers every field of a scope with the beginning of what is stored in it: the header and one byte more, by which
-- it is seen that there is a text. KEYS: scope.

local answer = {}
each(KEYS[1], function(field, stored)
    answer[#answer + 1] = field
    answer[#answer + 1] = string.sub(stored, 1, HEADER + 1)
end)
return answer
