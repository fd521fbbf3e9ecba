-- Put in front of every script: what is stored.
-- Under a key: 16 characters of version, updated_at and expires_at in 18 digits each (zeros: never), JSON text.
-- Digits of equal length are compared as text: a number in Lua can't hold 18 of them.
-- The field without a name holds the moment at which the scope was last touched.

local HEADER = 52
local NEVER = '000000000000000000'
