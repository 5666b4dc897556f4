-- note_number_stats: counts of a pool's numbers, in place of what was noted before.
-- keys: number_stats
-- args: life:number counts:list
--
-- Counts are a name and its count in turn; they live for so many seconds. Safe to run twice.

redis.call("DEL", keys.number_stats)
for position = 1, #args.counts, 2 do
  redis.call("HSET", keys.number_stats, args.counts[position], args.counts[position + 1])
end
redis.call("EXPIRE", keys.number_stats, args.life)
