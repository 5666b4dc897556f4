-- add_notice: a notice to somebody whose phone the caller knows.
-- uses: lanes, notices
--
-- Safe to run twice: the notice's id names its cause. Answers whether there is a new notice, 1 or 0.
local keys = {
  outbox = KEYS[1],       -- sorted set
  lanes = KEYS[2],        -- sorted set, lexical
  counters = KEYS[3],         -- hash
  notice = KEYS[4],       -- hash
  notice_body = KEYS[5],  -- string
}
local now = tonumber(ARGV[1])  -- seconds
local notice_id = ARGV[2]
local notice_kind = ARGV[3]
local to = {
  session = ARGV[4], side = ARGV[5], number = ARGV[6], index = ARGV[7], sealed = ARGV[8], locale = ARGV[9],
  one_of_several = ARGV[10],
}
local look_again = tonumber(ARGV[11])  -- seconds until the sweeper looks for it
local lives = { record = tonumber(ARGV[12]), body = tonumber(ARGV[13]) }  -- seconds

return add_notice(keys, notice_id, notice_kind, to, now, look_again, lives) and 1 or 0
