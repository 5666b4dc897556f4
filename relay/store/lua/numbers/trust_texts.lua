-- trust_texts: sessions that text get a number again that the carrier had refused texts from. One
-- that has to be registered first still waits for that.
-- keys: number(number) sms_unready
-- args: number sent_at?:number
-- uses: session trusting_texts
--
-- sent_at is of a text that the carrier has passed on since it took it then: it ends no trouble of
-- later. nil: an operator says so. Safe to run twice. Answers 1, or 0 when the number has to be
-- registered.
local ordinal, waits, since =
  unpack(redis.call("HMGET", keys.number, "ordinal", "waits_since", "sms_trouble_since"))
if ordinal and (not args.sent_at or args.sent_at > (tonumber(since) or 0)) then
  trust_texts(keys, ordinal)
end
return waits and 0 or 1
