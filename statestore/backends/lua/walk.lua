-- Put in front of the scripts that go through whole scopes, after common.lua.

local CHUNK = 100

-- Calls visit(field, stored) for every entry of a scope; a large one is not copied whole. Answers the moment at which
-- it was last touched.
local function each(scope, visit)
    local touched = NEVER
    local function meet(field, stored)
        if field ~= '' then
            visit(field, stored)
        elseif #stored == #NEVER and not string.find(stored, '%D') then
            touched = stored
        end
    end
    if redis.call('HLEN', scope) <= CHUNK then
        local all = redis.call('HGETALL', scope)
        for i = 1, #all, 2 do
            meet(all[i], all[i + 1])
        end
        return touched
    end
    local fields = redis.call('HKEYS', scope)
    for first = 1, #fields, CHUNK do
        local last = math.min(first + CHUNK - 1, #fields)
        local stored = redis.call('HMGET', scope, unpack(fields, first, last))
        for i = first, last do
            meet(fields[i], stored[i - first + 1])
        end
    end
    return touched
end

local function forget(scope, index, name)
    redis.call('UNLINK', scope)
    redis.call('ZREM', index, name)
end

-- The number of live entries of a scope, when it was last used, and the number of expired entries. Calls
-- visit(field, stored), if given, for each live one.
local function look_at(scope, now, visit)
    local live, used, expired = 0, NEVER, 0
    local touched = each(scope, function(field, stored)
        if is_live(stored, now) then
            live, used = live + 1, later(used, stored)
            if visit then
                visit(field, stored)
            end
        else
            expired = expired + 1
        end
    end)
    return live, touched > used and touched or used, expired
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
