-- begin_request: lets one request with an idempotency key go on, and tells the others why not.
-- keys: record=idempotency(request)
-- args: request now:number token body_hash patience:number lifetime:number disbelieved?
--
-- A request that never ended (its process was killed) holds the record for `patience` seconds; then
-- the repeat goes on and finishes the work. `body_hash` is a keyed hash of the request's body; the
-- record lives `lifetime` seconds. `disbelieved` names an answer that was read and is none of ours
-- (P9): if it is still there, the request goes on in its place.
--
-- Safe to run twice: the token tells a repeated call from another request.
-- Answers {"begin"} | {"running", seconds} | {"reused"} | {"done", name, status, headers, body,
-- signature}.
local known = redis.call("HMGET", keys.record, "body_hash", "status", "token", "until")
local body_hash, status, token, held_until = known[1], known[2], known[3], tonumber(known[4] or "0")
if body_hash and body_hash ~= args.body_hash then
  return { "reused" }
end
if status then
  -- Every request has another token.
  local name = "answer to " .. (token or "nobody")
  if name ~= args.disbelieved then
    return { "done", name, status, unpack(
      redis.call("HMGET", keys.record, "headers", "body", "signature")) }
  end
  redis.call("DEL", keys.record)
elseif token and token ~= args.token and args.now < held_until then
  return { "running", math.ceil(held_until - args.now) }
end
redis.call("HSET", keys.record, "body_hash", args.body_hash, "token", args.token,
  "until", args.now + args.patience)
redis.call("EXPIRE", keys.record, args.lifetime)
return { "begin" }
