-- Put in front of every script, after form.lua.

-- What is not of our making has no version and no end, and was never updated.
local function is_ours(stored)
    return #stored > HEADER and not string.find(string.sub(stored, 17, HEADER), '%D')
end

local function version_of(stored)
    return is_ours(stored) and string.sub(stored, 1, 16) or ''
end

local function is_live(stored, now)
    local expires_at = string.sub(stored, 35, HEADER)
    return expires_at == NEVER or now < expires_at or not is_ours(stored)
end

-- The later one of a moment and that of the last update.
local function later(moment, stored)
    local updated_at = string.sub(stored, 17, 34)
    return updated_at > moment and is_ours(stored) and updated_at or moment
end

-- '=' and the version of a live entry, '-' where there is none.
local function state(scope, field, now)
    local stored = redis.call('HGET', scope, field)
    return stored and is_live(stored, now) and '=' .. version_of(stored) or '-'
end
