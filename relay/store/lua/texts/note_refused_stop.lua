-- note_refused_stop: the carrier has refused a text because of a STOP, which held then.
-- keys: stopped=stopped(indexes*)
-- args: scope attempted_at:number indexes:list
-- uses: opt_out
--
-- Run with the keys of a board or of the deployment, as record_opt_out. When the STOP was said
-- stays as it is. attempted_at is when the text was handed over; reports may come in any order.
-- Safe to run twice. Answers 1, or 0 where no STOP is on record.

local is_stopped = 0
for _, key in ipairs(keys.stopped) do
  local last = read_opt_out(redis.call("HGET", key, args.scope))
  if last.word == "stopped" then
    local refused_at = math.max(tonumber(last.refused_at) or 0, args.attempted_at)
    last.refused_at = string.format("%.3f", refused_at)
    write_opt_out(key, args.scope, last)
    is_stopped = 1
  end
end
return is_stopped
