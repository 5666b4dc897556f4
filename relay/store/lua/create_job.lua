-- create_job: puts a purchase on record, where the sweeper finds it. Safe to run twice: who repeats
-- a request finds its job, for as long as a request is known by its key. Answers the job's id.
local job_key = KEYS[1]        -- hash
local jobs_key = KEYS[2]       -- sorted set: unfinished jobs by when to look at them again
local ordered_key = KEYS[3]    -- string: the request's job; of a job that nobody asked for, its own
local id = ARGV[1]             -- job id
local look_at = ARGV[2]        -- seconds
local remembered = ARGV[3]     -- seconds
local FIRST_FIELD = 4          -- names and values of the job

local known = redis.call("SET", ordered_key, id, "NX", "EX", remembered) == false
  and redis.call("GET", ordered_key)
if known then
  return known
end
for position = FIRST_FIELD, #ARGV, 2 do
  redis.call("HSET", job_key, ARGV[position], ARGV[position + 1])
end
redis.call("ZADD", jobs_key, look_at, id)
return id
