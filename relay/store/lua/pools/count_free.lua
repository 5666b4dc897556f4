-- count_free: how many of a pool's numbers a new session can be given, at all and for each of some
-- people.
-- keys: policy blocked full no_voice no_sms sms_unready scratch used=used(indexes*)
-- args: indexes:list
--
-- Numbers that carry no texts are left out of a pool that has had one that does: sessions that want
-- nothing but calls are few. With access codes a recruiter shares, so that only numbers on which
-- the phone is a candidate's are taken. Numbers whose texts do not pass yet are counted but for new
-- pairs: who buys numbers must not buy more while those it has are being registered. Writes nothing
-- that stays, and may run twice. Answers {numbers that can be given, numbers that two new people
-- get now, numbers free for each person…}.

local ordinals_in_use, texts, access_codes = unpack(
  redis.call("HMGET", keys.policy, "next_ordinal", "texts", "access_codes"))

local function count_outside(bitmaps)
  redis.call("BITOP", "OR", keys.scratch, unpack(bitmaps))
  return tonumber(ordinals_in_use or "0") - redis.call("BITCOUNT", keys.scratch)
end

-- The bitmaps of numbers that nobody can be given, and those of a person.
local function unfit(...)
  local bitmaps = { keys.blocked, keys.full, keys.no_voice, ... }
  if texts == "1" then
    bitmaps[#bitmaps + 1] = keys.no_sms
  end
  return bitmaps
end

local answer = {
  count_outside(unfit()),
  count_outside(texts == "1" and unfit(keys.sms_unready) or unfit()),
}
for _, used in ipairs(keys.used) do
  if access_codes == "1" then
    answer[#answer + 1] = count_outside(unfit(used.candidate))
  else
    answer[#answer + 1] = count_outside(unfit(used.candidate, used.recruiter))
  end
end
redis.call("DEL", keys.scratch)
return answer
