-- amend: changes an open session's expiry, channels or context. Safe to run twice.
-- uses: session
--
-- Answers {"amended" | "closed" | "incapable" | "unknown", record}; incapable: its number cannot carry
-- these channels.
local sessions_key = KEYS[1]    -- hash
local due_key = KEYS[2]         -- sorted set
local no_voice_key = KEYS[3]    -- bitmap
local no_sms_key = KEYS[4]      -- bitmap
local now = tonumber(ARGV[1])   -- seconds
local id = ARGV[2]              -- session id
local expires_at = ARGV[3]      -- whole seconds, or "" to leave it
local channels = ARGV[4]        -- "vs", "v", "s", or "" to leave them
local changes_context = ARGV[5] == "1"
local context = ARGV[6]

local record = redis.call("HGET", sessions_key, id)
if not record then
  return { "unknown" }
end
local session = read_session(record)
if session.status ~= "open" or tonumber(session.expires_at) <= now then
  return { "closed", record }
end
local function lacks(letter, bitmap)
  return string.find(channels, letter, 1, true) and redis.call("GETBIT", bitmap, session.ordinal) == 1
end
if lacks("v", no_voice_key) or lacks("s", no_sms_key) then
  return { "incapable", record }
end
if expires_at ~= "" then
  session.expires_at = expires_at
  redis.call("ZADD", due_key, expires_at, id)
end
if channels ~= "" then
  session.channels = channels
end
if changes_context then
  session.context = context
end
record = pack_session(session)
redis.call("HSET", sessions_key, id, record)
return { "amended", record }
