-- note_idle: since when numbers have had nothing on them, open or cooling, as far as anybody looked.
-- Safe to run twice. Answers how many of these are idle.
local numbers_key = KEYS[1]  -- hash
local load_key = KEYS[2]     -- hash
local idle_key = KEYS[3]     -- sorted set: number by since when
local now = ARGV[1]          -- seconds
local FIRST_NUMBER = 2       -- virtual numbers

local idle = 0
for position = FIRST_NUMBER, #ARGV do
  local number = ARGV[position]
  if redis.call("HEXISTS", load_key, number) == 1
    or redis.call("HEXISTS", numbers_key, number) == 0 then
    redis.call("ZREM", idle_key, number)
  else
    redis.call("ZADD", idle_key, "NX", now, number)
    idle = idle + 1
  end
end
return idle
