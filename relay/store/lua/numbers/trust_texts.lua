-- trust_texts: sessions that text get a number again that the carrier had refused texts from.
-- keys: number(number) sms_unready
-- args: number
--
-- Safe to run twice.
local ordinal = redis.call("HGET", keys.number, "ordinal")
if ordinal then
  redis.call("SETBIT", keys.sms_unready, ordinal, 0)
  redis.call("HDEL", keys.number, "sms_trouble", "sms_trouble_since")
end
