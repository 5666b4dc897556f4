-- create_job: puts a purchase on record, where the sweeper finds it. Safe to run twice: who repeats
-- a request finds its job. Answers 1, or 0 for a job that is known.
local job_key = KEYS[1]        -- hash
local jobs_key = KEYS[2]       -- sorted set: unfinished jobs by when to look at them again
local id = ARGV[1]             -- job id
local look_at = ARGV[2]        -- seconds
local FIRST_FIELD = 3          -- names and values of the job

if redis.call("EXISTS", job_key) == 1 then
  return 0
end
for position = FIRST_FIELD, #ARGV, 2 do
  redis.call("HSET", job_key, ARGV[position], ARGV[position + 1])
end
redis.call("ZADD", jobs_key, look_at, id)
return 1
