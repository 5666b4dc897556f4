-- count_free: how many of a pool's numbers a new session can be given, at all and for each of some
-- people. Writes nothing that stays, and may run twice.
--
-- Numbers that carry no texts are left out of a pool that has had one that does: sessions that want
-- nothing but calls are few. Answers {numbers that can be given, numbers of them free for each person…}.
local keys = {
  policy = KEYS[1],      -- hash
  blocked = KEYS[2],   -- bitmap
  full = KEYS[3],      -- bitmap
  no_voice = KEYS[4],  -- bitmap
  no_sms = KEYS[5],    -- bitmap
  scratch = KEYS[6],   -- bitmap
}
local FIRST_USED_KEY = 7          -- bitmaps: of each person the ordinals they are bound on
local used_keys = tonumber(ARGV[1])  -- bitmaps a person

local pool = redis.call("HMGET", keys.policy, "next_ordinal", "texts")
local places = tonumber(pool[1] or "0")
local unfit = { keys.blocked, keys.full, keys.no_voice }
if pool[2] == "1" then
  unfit[#unfit + 1] = keys.no_sms
end

local function count_outside(bitmaps)
  redis.call("BITOP", "OR", keys.scratch, unpack(bitmaps))
  return places - redis.call("BITCOUNT", keys.scratch)
end

local answer = { count_outside(unfit) }
local shared = #unfit
for first = FIRST_USED_KEY, #KEYS, used_keys do
  for offset = 0, used_keys - 1 do
    unfit[shared + 1 + offset] = KEYS[first + offset]
  end
  answer[#answer + 1] = count_outside(unfit)
end
redis.call("DEL", keys.scratch)
return answer
