-- The lowest ordinal that no given bitmap has set, and its number: fewest numbers in use.
local function lowest_free(scratch_key, ordinals_key, bitmaps)
  redis.call("BITOP", "OR", scratch_key, unpack(bitmaps))
  local ordinal = redis.call("BITPOS", scratch_key, 0)
  redis.call("DEL", scratch_key)
  local number = redis.call("HGET", ordinals_key, ordinal)
  if not number then
    return nil
  end
  return whole(ordinal), number
end

-- Cuts an access code that is free on the number from drawn digits. It grows with the number's
-- load, so that a guess succeeds at most once in 100,000.
local function free_code(codes_key, number, sessions_on_number, draws)
  local digits, most = 6, 10
  while sessions_on_number > most do
    digits, most = digits + 1, most * 10
  end
  while true do
    for _, draw in ipairs(draws) do
      local code = string.sub(draw, 1, digits)
      if redis.call("HEXISTS", codes_key, number .. ":" .. code) == 0 then
        return code
      end
    end
    digits = digits + 1
  end
end
