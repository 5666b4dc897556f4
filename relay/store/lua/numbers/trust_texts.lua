-- trust_texts: sessions that text get a number again that the carrier had refused texts from. One
-- that has to be registered first stays as it is.
-- keys: number(number) sms_unready
-- args: number
-- uses: session trusting_texts
--
-- Safe to run twice. Answers 1, or 0 when the number has to be registered.
local ordinal, trouble = unpack(redis.call("HMGET", keys.number, "ordinal", "sms_trouble"))
if trouble == UNREGISTERED then
  return 0
end
if ordinal then
  trust_texts(keys, ordinal)
end
return 1
