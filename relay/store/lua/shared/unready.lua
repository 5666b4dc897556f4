-- Numbers that texts are refused from for the number's own sake.
-- keys: number=number(number) sms_unready
-- args: now:number number_trouble
-- uses: session trusting_texts

-- number_trouble: the carrier's code, or "". No session that texts gets the number until a text
-- that was sent after that has arrived, or trust_texts says so. Numbers of other pools are passed
-- over.
local function note_number_trouble(keys, args)
  local ordinal = args.number_trouble ~= "" and redis.call("HGET", keys.number, "ordinal")
  if ordinal then
    distrust_texts(keys, ordinal, args.number_trouble, args.now)
  end
end

local function note_arrival(keys, message)
  local ordinal, refused_at = unpack(redis.call("HMGET", keys.number, "ordinal", "sms_refused_at"))
  if ordinal and refused_at and tonumber(message.attempted_at) > tonumber(refused_at) then
    trust_texts(keys, ordinal)
  end
end
