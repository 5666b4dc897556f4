-- Which virtual numbers a phone has stopped the texts of (record_opt_out.lua writes them).
-- uses: opt_out

local function says_stopped(word)
  return string.sub(word or "", 1, 7) == "stopped"
end

-- A session that gets another number takes a STOP of its people along: they have said it of that
-- session, at this moment ("": never). The carrier knows nothing of it there, so that only a START
-- or an operator ends it. Returns whether there is one.
local function carry_stop(stopped_key, stopped_at, number)
  if stopped_at == "" then
    return false
  end
  write_opt_out(stopped_key, number,
    { word = "stopped_before", since = stopped_at, causes = "", refused_at = "" })
  redis.call("PERSIST", stopped_key)
  return true
end

local function add_stopped_numbers(numbers, stopped_keys)
  for _, key in ipairs(stopped_keys) do
    local words = redis.call("HGETALL", key)
    for position = 1, #words, 2 do
      if says_stopped(words[position + 1]) then
        numbers[#numbers + 1] = words[position]
      end
    end
  end
  return numbers
end
