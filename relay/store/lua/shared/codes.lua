-- Gives a session its access code, which leads to it as long as it is open or cooling.
-- keys: codes code_lengths
--
-- relay/domain/access_code.py draws the digits, which are the pair's: a code that is not cut from
-- them is somebody else's (P9). `draws` are some of ten digits each, with blanks between.

-- Digits a new code needs on a number with so many sessions, so that a guess succeeds at most once
-- in 100,000.
local function digits_for(sessions_on_number)
  local digits, most = 6, 10
  while sessions_on_number > most do
    digits, most = digits + 1, most * 10
  end
  return digits
end

local function is_cut_from(draws, code)
  return #code >= 6 and string.match(code, "^%d+$") ~= nil
    and string.find(" " .. draws, " " .. code, 1, true) ~= nil
end

-- Gives a session a code on a number: the one it is used to where that will do (kept), else one cut
-- from its pair's draws. The longest of a number says how many keys its callers are waited for.
local function give_code(keys, number, id, sessions_on_number, draws, kept)
  local digits = digits_for(sessions_on_number)
  local function is_free(code)
    return redis.call("HSETNX", keys.codes, number .. ":" .. code, id) == 1
  end
  local function cut_code()
    for length = digits, 10 do
      for draw in string.gmatch(draws, "%d+") do
        local code = string.sub(draw, 1, length)
        if is_free(code) then
          return code
        end
      end
    end
    -- All these are never taken, unless somebody has written them in.
    local taken = string.match(draws, "%d+")
    redis.call("HSET", keys.codes, number .. ":" .. taken, id)
    return taken
  end
  local will_do = kept and #kept >= digits and is_cut_from(draws, kept) and is_free(kept)
  local code = will_do and kept or cut_code()
  local longest = tonumber(redis.call("HGET", keys.code_lengths, number) or "6")
  if #code > longest then
    redis.call("HSET", keys.code_lengths, number, #code)
  end
  return code
end
