-- replace_stamped: puts a record in the place of one that was read, if that one is still there.
-- keys: records=stamped(hash_name)
-- args: hash_name field seen record
--
-- So what was revoked, moved or changed since it was read stays so. Safe to run twice.
if redis.call("HGET", keys.records, args.field) == args.seen then
  redis.call("HSET", keys.records, args.field, args.record)
end
