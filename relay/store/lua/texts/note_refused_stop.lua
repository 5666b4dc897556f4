-- note_refused_stop: the carrier has refused a text because of a STOP: it holds from now on.
-- keys: stopped=stopped(indexes*)
-- args: scope now:number indexes:list
-- uses: opt_out
--
-- Run with the keys of a board or of the deployment, as record_opt_out. When the STOP was said
-- stays as it is. Safe to run twice. Answers 1, or 0 where no STOP is on record.

local is_stopped = 0
for _, key in ipairs(keys.stopped) do
  local last = read_opt_out(redis.call("HGET", key, args.scope))
  if last.word == "stopped" then
    last.refused_at = string.format("%.3f", args.now)
    write_opt_out(key, args.scope, last)
    is_stopped = 1
  end
end
return is_stopped
