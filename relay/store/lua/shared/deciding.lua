-- Calls and texts that were decided on before (relay/store/decided.py).
-- keys: decided=decided(known.bucket)
-- args: known:records(bucket mark) known_for:number
--
-- known: where the sid would be, the place of now first.

local function was_decided()
  for position, each in ipairs(args.known) do
    if redis.call("SISMEMBER", keys.decided[position], each.mark) == 1 then
      return true
    end
  end
  return false
end

local function note_decided()
  if redis.call("SADD", keys.decided[1], args.known[1].mark) == 1 then
    redis.call("EXPIRE", keys.decided[1], args.known_for)
  end
end
