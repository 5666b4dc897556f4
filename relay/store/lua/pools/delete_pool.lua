-- delete_pool: forgets a pool that is not in use, with all that is kept of it alone.
-- keys: pools policy ordinals vacant blocked resting no_voice no_sms sms_unready busy full
--       degrees sharing usage number_stats history charges swept idle buyer prepaid shortage
-- args: pool
-- uses: pool_in_use
--
-- Its ended sessions stay on record as long as others do. Safe to run twice. Answers "deleted",
-- "unknown", or "in_use".
if redis.call("SISMEMBER", keys.pools, args.pool) == 0 then
  return "unknown"
elseif is_in_use() then
  return "in_use"
end
for _, key in ipairs({
  keys.policy, keys.ordinals, keys.vacant, keys.blocked, keys.resting, keys.no_voice, keys.no_sms,
  keys.sms_unready, keys.busy, keys.full, keys.degrees.recruiter, keys.degrees.candidate,
  keys.degrees.both, keys.sharing, keys.usage, keys.number_stats, keys.history, keys.charges,
  keys.swept, keys.idle, keys.buyer, keys.prepaid, keys.shortage,
}) do
  redis.call("DEL", key)
end
redis.call("SREM", keys.pools, args.pool)
return "deleted"
