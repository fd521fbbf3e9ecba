-- Put in front of the scripts that go through whole scopes, after common.lua.

local CHUNK = 100

-- The later one of a moment and that of a touch.
local function touched_later(moment, touch)
    return #touch == #NEVER and not string.find(touch, '%D') and touch > moment and touch or moment
end

-- For "for": pages of fields and what is stored in them, one after the other. A large scope is not copied whole.
local function pages(scope)
    if redis.call('HLEN', scope) <= CHUNK then
        local whole = redis.call('HGETALL', scope)
        return function()
            local page = whole
            whole = nil
            return page
        end
    end
    local fields, first = redis.call('HKEYS', scope), 1
    return function()
        local last, page = math.min(first + CHUNK - 1, #fields), {}
        if first > last then
            return nil
        end
        local stored = redis.call('HMGET', scope, unpack(fields, first, last))
        for i, text in ipairs(stored) do
            page[2 * i - 1], page[2 * i] = fields[first + i - 1], text
        end
        first = last + 1
        return page
    end
end

-- Calls visit(field, stored) for every entry of a scope.
local function each(scope, visit)
    for page in pages(scope) do
        for i = 1, #page, 2 do
            if page[i] ~= '' then
                visit(page[i], page[i + 1])
            end
        end
    end
end

-- The number of live entries of a scope, when it was last used, and the number of expired entries. Calls
-- visit(field, stored), if given, for each live one.
local function look_at(scope, now, visit)
    local live, used, expired = 0, NEVER, 0
    for page in pages(scope) do
        for i = 1, #page, 2 do
            local field, stored = page[i], page[i + 1]
            if field == '' then
                used = touched_later(used, stored)
            elseif is_live(stored, now) then
                live, used = live + 1, later(used, stored)
                if visit then
                    visit(field, stored)
                end
            else
                expired = expired + 1
            end
        end
    end
    return live, used, expired
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
