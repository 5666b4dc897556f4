-- finish_request: keeps what a request with an idempotency key was answered, or lets go of it.
--
-- Only the request that holds the record may do so: one that was believed dead writes nothing.
-- Safe to run twice. Answers 1, or 0 when another request holds the record.
local record_key = KEYS[1]  -- hash
local token = ARGV[1]       -- of this request
local status = ARGV[2]      -- HTTP status of its answer, or "" to let the next one try
local headers = ARGV[3]     -- JSON
local body = ARGV[4]

if redis.call("HGET", record_key, "token") ~= token then
  return 0
end
if status == "" then
  redis.call("DEL", record_key)
else
  redis.call("HSET", record_key, "status", status, "headers", headers, "body", body)
end
return 1
