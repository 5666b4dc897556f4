-- forget_in_texts: takes somebody's sealed phone out of texts that are on their way to them; none of
-- those can be sent any more then.
-- uses: session, lanes, notices
--
-- Safe to run twice. Answers how many texts were changed.
local sessions_key = KEYS[1]  -- hash
local FIRST_TEXT_KEY = 2      -- for each text: its message's hash, its body
local role = ARGV[1]          -- "recruiter", "candidate"
local ref = ARGV[2]

local forgotten = 0
for position = FIRST_TEXT_KEY, #KEYS, 2 do
  local message_key, body_key = KEYS[position], KEYS[position + 1]
  local of_message = redis.call("HMGET", message_key, "session", "side")
  local body = redis.call("GET", body_key)
  local record = of_message[1] and redis.call("HGET", sessions_key, of_message[1])
  if body and of_message[2] == role and record and read_session(record)[role] == ref then
    redis.call("SET", body_key, pack_body(read_body(body).text, ""), "KEEPTTL")
    forgotten = forgotten + 1
  end
end
return forgotten
