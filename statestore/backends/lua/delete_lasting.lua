-- Removes a whole scope on which nothing is demanded and whose entries all live. Put in front of delete.lua, and of
-- the functions that it needs: to make them takes as long as a command.

if #ARGV == 2 then
    local lasting = count_of_lasting(KEYS[1])
    if lasting then
        redis.call('UNLINK', KEYS[1])
        redis.call('ZREM', KEYS[2], ARGV[2])
        return lasting
    end
end

