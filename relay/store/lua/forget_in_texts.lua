-- forget_in_texts: takes somebody's sealed phone out of texts that are on their way. A text to them
-- can't be sent any more then, and one from them has nobody to be told of its failure.
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
  if body and record and read_session(record)[role] == ref then
    local held = read_body(body)
    if of_message[2] == role then
      held.receiver_sealed = ""
    else
      held.sender_sealed = ""
    end
    redis.call("SET", body_key, pack_body(held.text, held.receiver_sealed, held.sender_sealed),
      "KEEPTTL")
    forgotten = forgotten + 1
  end
end
return forgotten
