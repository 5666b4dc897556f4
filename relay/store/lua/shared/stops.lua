-- Which virtual numbers a phone has stopped the texts of (record_opt_out.lua writes them).

local function add_stopped_numbers(numbers, stopped_keys)
  for _, key in ipairs(stopped_keys) do
    local words = redis.call("HGETALL", key)
    for position = 1, #words, 2 do
      if string.sub(words[position + 1], 1, 7) == "stopped" then
        numbers[#numbers + 1] = words[position]
      end
    end
  end
  return numbers
end
