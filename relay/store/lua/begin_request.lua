-- begin_request: lets one request with an idempotency key go on, and tells the others why not.
--
-- A request that never ended (its process was killed) holds the record for `patience` seconds;
-- then the repeat goes on and finishes the work. Safe to run twice: the token tells a repeated
-- call from another request.
--
-- Answers {"begin"} | {"running", seconds} | {"reused"} | {"done", status, headers, body}.
local record_key = KEYS[1]              -- hash
local now = tonumber(ARGV[1])           -- seconds
local token = ARGV[2]                   -- of this request
local body_hash = ARGV[3]               -- keyed hash of its body
local patience = tonumber(ARGV[4])      -- seconds
local lifetime = tonumber(ARGV[5])      -- seconds, of the record

local known = redis.call("HMGET", record_key, "body_hash", "status", "token", "until")
if known[1] and known[1] ~= body_hash then
  return { "reused" }
end
if known[2] then
  return { "done", known[2], unpack(redis.call("HMGET", record_key, "headers", "body")) }
end
if known[3] and known[3] ~= token and now < tonumber(known[4]) then
  return { "running", math.ceil(tonumber(known[4]) - now) }
end
redis.call("HSET", record_key, "body_hash", body_hash, "token", token, "until", now + patience)
redis.call("EXPIRE", record_key, lifetime)
return { "begin" }
