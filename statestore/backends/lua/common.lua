-- Put in front of every script.
-- Stored under a key: 16 characters of version, updated_at and expires_at in 18 digits each (zeros: never), JSON text.
-- Digits of equal length are compared as text: a number in Lua can't hold 18 of them.
-- The field without a name holds the moment at which the scope was last touched.

local HEADER = 52
local CHUNK = 100
local NEVER = string.rep('0', 18)

-- Version, updated_at and expires_at of what is stored; what is not of our making has no version and no end.
local function stamp(stored)
    local moments = string.sub(stored, 17, HEADER)
    if #stored <= HEADER or string.find(moments, '%D') then
        return '', NEVER, NEVER
    end
    return string.sub(stored, 1, 16), string.sub(moments, 1, 18), string.sub(moments, 19)
end

local function is_live(expires_at, now)
    return expires_at == NEVER or now < expires_at
end

-- The moment at which the scope was last touched.
local function touched(scope)
    local moment = redis.call('HGET', scope, '')
    return moment and #moment == #NEVER and not string.find(moment, '%D') and moment or NEVER
end

-- '=' and the version of a live entry, '-' where there is none.
local function state(scope, field, now)
    local stored = redis.call('HGET', scope, field)
    if not stored then
        return '-'
    end
    local version, _, expires_at = stamp(stored)
    return is_live(expires_at, now) and '=' .. version or '-'
end

-- Calls visit(field, stored) for every entry of the scope.
local function each(scope, visit)
    local fields = redis.call('HKEYS', scope)
    for first = 1, #fields, CHUNK do
        local last = math.min(first + CHUNK - 1, #fields)
        local stored = redis.call('HMGET', scope, unpack(fields, first, last))
        for i = first, last do
            if fields[i] ~= '' then
                visit(fields[i], stored[i - first + 1])
            end
        end
    end
end

local function forget(scope, index, name)
    redis.call('UNLINK', scope)
    redis.call('ZREM', index, name)
end

local function remove(scope, index, name, fields)
    for first = 1, #fields, CHUNK do
        redis.call('HDEL', scope, unpack(fields, first, math.min(first + CHUNK - 1, #fields)))
    end
    local left = redis.call('HLEN', scope)
    if left == 0 or (left == 1 and redis.call('HEXISTS', scope, '') == 1) then
        forget(scope, index, name)
    end
end
