-- Some failures of a text are worth one more try (relay/domain/message_progress.py).
-- keys: message=message(id)
-- args: is_one_more:flag

local function note_one_more(keys, args)
  if args.is_one_more then
    redis.call("HSET", keys.message, "had_one_more", "1")
  end
end
