-- Numbers that texts are refused from for the number's own sake.
-- keys: number=number(number) sms_unready
-- args: now:number number_trouble
-- uses: session

-- number_trouble: the carrier's code, or "". No session that texts gets the number until a text
-- that was sent after that has arrived, or an operator says so. Numbers of other pools are passed
-- over.
local function note_number_trouble(keys, args)
  local ordinal = args.number_trouble ~= "" and redis.call("HGET", keys.number, "ordinal")
  if ordinal then
    redis.call("SETBIT", keys.sms_unready, ordinal, 1)
    redis.call("HSET", keys.number, "sms_trouble", args.number_trouble)
    redis.call("HSETNX", keys.number, "sms_trouble_since", whole(args.now))
  end
end

local function note_arrival(keys, message)
  local ordinal, since = unpack(redis.call("HMGET", keys.number, "ordinal", "sms_trouble_since"))
  if ordinal and since and tonumber(message.attempted_at) > tonumber(since) then
    redis.call("SETBIT", keys.sms_unready, ordinal, 0)
    redis.call("HDEL", keys.number, "sms_trouble", "sms_trouble_since")
  end
end
