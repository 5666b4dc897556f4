-- settle_purchase: what became of a number that was about to be bought.
-- keys: purchase(id) buying
-- args: id number is_bought:flag
--
-- Safe to run twice: only who takes the intent away counts the number. Answers 1, or 0 where there
-- was no such intent.

local function count_bought()
  local bought = redis.call("HGET", keys.purchase, "bought")
  bought = (bought and bought ~= "") and bought .. " " .. args.number or args.number
  redis.call("HSET", keys.purchase, "bought", bought)
  redis.call("HDEL", keys.purchase, "pauses")  -- the carrier serves us again
end

local intent = redis.call("HGET", keys.buying, args.number)
if not intent or string.match(intent, "^(.-)\t") ~= args.id then
  return 0
end
redis.call("HDEL", keys.buying, args.number)
if args.is_bought then
  count_bought()
end
return 1
