-- Which virtual numbers a phone has stopped the texts of (record_opt_out.lua writes them).

local function says_stopped(word)
  return string.sub(word or "", 1, 7) == "stopped"
end

-- A session that gets another number takes a STOP of its people along: they have said it of that
-- session. Returns whether there is one.
local function carry_stop(stopped_key, from, to)
  local word = redis.call("HGET", stopped_key, from)
  if not says_stopped(word) then
    return false
  end
  redis.call("HSET", stopped_key, to, word)
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
