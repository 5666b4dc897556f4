-- The last word of a phone in one scope, STOP or START: "word since causes refused_at". causes are
-- messages, of which one that changed nothing has a "~" before it; refused_at is when the carrier
-- last refused a text because of the STOP, or "" where it has not.

local function read_opt_out(known)
  local last = {}
  last.word, last.since, last.causes, last.refused_at =
    string.match(known or "", "^(%S+) ([%d.]+) (%S*) ?(%S*)$")
  return last.word and last or { word = "started", since = "0", causes = "", refused_at = "" }
end

local function write_opt_out(key, scope, last)
  redis.call("HSET", key, scope,
    table.concat({ last.word, last.since, last.causes, last.refused_at }, " "))
end
