-- reseal_text: a kept text is sealed under another key, if it is still the one that was read.
-- keys: body=body(id)
-- args: id seen sealed
-- uses: keeping_bodies
--
-- Its lifetime stays. Safe to run twice. Answers 1, or 0 when it has gone or changed.
if redis.call("GET", keys.body) ~= args.seen then
  return 0
end
local till = forget_body(keys.body, args.id)
redis.call("SET", keys.body, args.sealed, "KEEPTTL")
note_body(args.id, args.sealed, till or args.now)
return 1
