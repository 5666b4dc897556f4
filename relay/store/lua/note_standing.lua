-- note_standing: how a pool's numbers stand, in place of what was noted before. Safe to run twice.
-- Answers 1.
local standing_key = KEYS[1]        -- hash
local life = tonumber(ARGV[1])      -- seconds
local FIRST_FIGURE = 2              -- names and counts

redis.call("DEL", standing_key)
for position = FIRST_FIGURE, #ARGV, 2 do
  redis.call("HSET", standing_key, ARGV[position], ARGV[position + 1])
end
redis.call("EXPIRE", standing_key, life)
return 1
