-- Gives a session its access code, which leads to it as long as it is open or cooling.
-- keys: codes code_lengths
--
-- relay/domain/access_code.py draws the digits.

-- Digits a new code needs on a number with so many sessions, so that a guess succeeds at most once
-- in 100,000.
local function digits_for(sessions_on_number)
  local digits, most = 6, 10
  while sessions_on_number > most do
    digits, most = digits + 1, most * 10
  end
  return digits
end

-- A prime, so that moving digits on by it meets all of them.
local STRIDE = 982451653

-- Gives a session a code on a number: the one it is used to where that will do (kept), else one cut
-- from drawn digits. The longest of a number says how many keys its callers are waited for.
local function give_code(keys, number, id, sessions_on_number, draws, kept)
  local digits = digits_for(sessions_on_number)
  local function is_free(code)
    return redis.call("HSETNX", keys.codes, number .. ":" .. code, id) == 1
  end
  -- Each round moves the drawn digits on, so that it ends however many are taken: it must, for what
  -- else the script does is written already.
  local function draw_code()
    local moved = 0
    while true do
      for _, draw in ipairs(draws) do
        local moved_on = string.format("%010.0f", (tonumber(draw) + moved * STRIDE) % 10000000000)
        local code = string.sub(moved_on, 1, digits)
        if is_free(code) then
          return code
        end
      end
      moved = moved + 1
    end
  end
  local code = kept and #kept >= digits and is_free(kept) and kept or draw_code()
  local longest = tonumber(redis.call("HGET", keys.code_lengths, number) or "6")
  if #code > longest then
    redis.call("HSET", keys.code_lengths, number, #code)
  end
  return code
end
