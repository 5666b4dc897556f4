-- create_purchase: puts a purchase on record, where the sweeper finds it.
-- keys: purchase(id) purchases ordered(request)
-- args: id request look_at remembered:number fields:list
--
-- Request is what is remembered of the order for so many seconds; of a purchase that nobody
-- ordered, its own id. Fields are the name of a field and its value in turn. Safe to run twice: who
-- repeats a request finds its purchase. Answers the purchase's id.

local is_new = redis.call("SET", keys.ordered, args.id, "NX", "EX", args.remembered)
local known = not is_new and redis.call("GET", keys.ordered)
if known then
  return known
end
redis.call("HSET", keys.purchase, unpack(args.fields))
redis.call("ZADD", keys.purchases, args.look_at, args.id)
return args.id
