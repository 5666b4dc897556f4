-- note_registration: what was found out about a number's registration for texting.
-- keys: number(number) sms_unready
-- args: number
-- uses: registration
--
-- Safe to run twice. Numbers of other pools are passed over.
local ordinal = redis.call("HGET", keys.number, "ordinal")
if ordinal then
  follow_registration(ordinal)
end
