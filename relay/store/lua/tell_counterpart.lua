-- tell_counterpart: a notice to the other side of an open session (its sender has stopped texts).
-- uses: session, finding, lanes, notices
--
-- Safe to run twice: the notice's id names its cause. Answers whether there is a new notice, 1 or 0.
local keys = {
  numbers = KEYS[1],      -- hash
  sessions = KEYS[2],     -- hash
  outbox = KEYS[3],       -- sorted set
  lanes = KEYS[4],        -- sorted set, lexical
  counters = KEYS[5],         -- hash
  notice = KEYS[6],       -- hash
  notice_body = KEYS[7],  -- string
}
local FIRST_PHONE_KEY = 8      -- the sender's phone hashes
local now = tonumber(ARGV[1])  -- seconds
local number = ARGV[2]         -- virtual number
local notice_id = ARGV[3]
local notice_kind = ARGV[4]
local look_again = tonumber(ARGV[5])  -- seconds until the sweeper looks for it
local lives = { record = tonumber(ARGV[6]), body = tonumber(ARGV[7]) }  -- seconds
local FIRST_INDEX = 8          -- the sender's indexes

local phones, indexes = read_phones(FIRST_PHONE_KEY, FIRST_INDEX)
local found = find_session(keys, phones, indexes, number, now)
if found.state ~= "open" or not string.find(found.session.channels, "s", 1, true) then
  return 0
end
local added = add_notice(keys, notice_id, notice_kind, {
  session = found.id, side = found.other, number = number,
  index = found.session[found.other .. "_index"], sealed = found.session[found.other .. "_sealed"],
  locale = found.session[found.other .. "_locale"],
}, now, look_again, lives)
return added and 1 or 0
