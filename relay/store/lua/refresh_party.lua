-- refresh_party: a person's open sessions in a pool follow what is now on record of them. Safe to
-- run twice. Answers how many were changed.
-- uses: session, moving
local sessions_key = KEYS[1]  -- hash
local pairs_key = KEYS[2]     -- hash: the person's
local role = ARGV[1]          -- "recruiter", "candidate"
local locale = ARGV[2]
local screen = ARGV[3]        -- "1": the guard on the recruiter's own leg

local changed = 0
each_open(sessions_key, pairs_key, function(id, session)
  session[role .. "_locale"] = locale
  if role == "recruiter" then
    session.recruiter_screen = screen
  end
  redis.call("HSET", sessions_key, id, pack_session(session))
  changed = changed + 1
end)
return changed
