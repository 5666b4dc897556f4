-- What the carrier charges a text of ours for: each time that it took it, once.
-- keys: message=message(id)
-- uses: charging
--
-- It says by its reports whether it charges a text, and by its answer to us for how many segments;
-- either may come first. Until both are known, `owed` times the text's segments are to be counted.

-- charged_as: "sms_out", "failed_text", or "" while nothing is.
local function charge_text(sid, charged_as)
  local known = redis.call("HGET", keys.message, "charged") or ""
  if charged_as == "" or string.find(" " .. known .. " ", " " .. sid .. " ", 1, true) then
    return
  end
  redis.call("HSET", keys.message, "charged", known == "" and sid or known .. " " .. sid)
  local segments = redis.call("HGET", keys.message, "segments")
  if charged_as ~= "sms_out" then
    charge(charged_as, 1)
  elseif segments then
    charge(charged_as, tonumber(segments))
  else
    redis.call("HINCRBY", keys.message, "owed", 1)
  end
end

-- How many segments the text has is known now.
local function charge_owed(segments)
  local owed = redis.call("HGET", keys.message, "owed")
  if owed then
    redis.call("HDEL", keys.message, "owed")
    charge("sms_out", tonumber(owed) * segments)
  end
end
