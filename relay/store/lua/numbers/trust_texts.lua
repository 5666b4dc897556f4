-- trust_texts: sessions that text get a number again that the carrier had refused texts from, or do
-- so when it is registered.
-- keys: number(number) sms_unready
-- args: number sent_at?:number
-- uses: session trusting_texts
--
-- sent_at is of a text that the carrier has passed on since it took it then: it ends no trouble of
-- later. nil: an operator says so. Safe to run twice. Answers 1, or 0, and changes nothing, where
-- an operator says so of a number that has to be registered first.
local ordinal, waits, refused_at =
  unpack(redis.call("HMGET", keys.number, "ordinal", "waits_since", "sms_refused_at"))
if waits and not args.sent_at then
  return 0
end
if ordinal and (not args.sent_at or args.sent_at > (tonumber(refused_at) or 0)) then
  trust_texts(keys, ordinal)
end
return 1
