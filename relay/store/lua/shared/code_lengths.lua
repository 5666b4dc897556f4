-- How many keys a caller is waited for: the digits of the longest code given on a number.
-- keys: code_lengths

local function longest_code(keys, number)
  return tonumber(redis.call("HGET", keys.code_lengths, number) or "6")
end
