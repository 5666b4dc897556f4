-- lift_stop: undoes a STOP of one phone in one scope without a word of its owner's: the carrier has
-- taken a text, or an operator says so.
-- keys: stopped=stopped(indexes*)
-- args: scope word said_since:number said_until:number indexes:list
-- uses: opt_out
--
-- Run with the keys of a board or of the deployment, as record_opt_out. It undoes a STOP that was
-- said between the two, no later one and no older one. word is "started", or "lifted" while nobody
-- knows whether the carrier has a block of its own: the first text that it takes says that it has
-- none, and a START before that is the one that ends it. A STOP of before said_until that comes
-- late changes nothing then. Safe to run twice. Answers 1 when it has undone one.

local lifted = 0
for _, key in ipairs(keys.stopped) do
  local last = read_opt_out(redis.call("HGET", key, args.scope))
  local since = tonumber(last.since)
  local undoes = last.word ~= "started" and last.word ~= args.word
  if undoes and since >= args.said_since and since <= args.said_until then
    last.word, last.since, last.refused_at =
      args.word, string.format("%.3f", args.said_until), ""
    write_opt_out(key, args.scope, last)
    lifted = 1
  end
end
return lifted
