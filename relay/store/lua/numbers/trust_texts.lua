-- trust_texts: sessions that text get a number again that the carrier had refused texts from. One
-- that has to be registered first still waits for that.
-- keys: number(number) sms_unready
-- args: number
-- uses: session trusting_texts
--
-- Safe to run twice. Answers 1, or 0 when the number has to be registered.
local ordinal, waits = unpack(redis.call("HMGET", keys.number, "ordinal", "waits_since"))
if ordinal then
  trust_texts(keys, ordinal)
end
return waits and 0 or 1
