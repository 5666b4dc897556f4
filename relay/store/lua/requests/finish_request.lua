-- finish_request: keeps what a request with an idempotency key was answered, or lets go of it.
-- keys: record=idempotency(request)
-- args: request token status? headers body signature
--
-- `status` is that of the HTTP answer; without one the next request may try. Only the request that
-- holds the record may finish it: one that was believed dead writes nothing.
--
-- Safe to run twice.
if redis.call("HGET", keys.record, "token") ~= args.token then
  return
end
if args.status then
  redis.call("HSET", keys.record,
    "status", args.status, "headers", args.headers, "body", args.body,
    "signature", args.signature)
else
  redis.call("DEL", keys.record)
end
