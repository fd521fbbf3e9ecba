-- Put in front of the scripts that go through whole scopes, after common.lua.

local CHUNK = 100

-- The later one of a moment and that of a touch.
local function touched_later(moment, touch)
    return #touch == #NEVER and not string.find(touch, '%D') and touch > moment and touch or moment
end

local function once(page, is_done)
    return not is_done and page or nil
end

-- For "for": pages of fields and what is stored in them, one after the other. A large scope is not copied whole.
local function pages(scope)
    local found = redis.call('HSCAN', scope, '0', 'COUNT', CHUNK) -- to ask how large it is takes as long again
    if found[1] == '0' then
        return once, found[2]
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

-- The number of live entries of a scope, when it was last used (or a later moment, if given) and the number of expired
-- entries. Calls visit(field, stored), if given, for each live one.
local function look_at(scope, now, visit, moment)
    local live, used, expired = 0, moment or NEVER, 0
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

-- The same; nothing where somebody keeps another type under this name.
local function look_at_hash(scope, ...)
    local done, live, used, expired = pcall(look_at, scope, ...)
    if done then
        return live, used, expired
    end
    if redis.call('TYPE', scope).ok == 'hash' then
        error(live)
    end
end

-- The name of a scope, by the key of the index in which it is and its own.
local function name_in(index, scope)
    return string.sub(scope, #index + 2)
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
