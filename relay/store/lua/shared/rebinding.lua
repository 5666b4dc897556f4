-- One session takes a binding over from another; nothing else changes.
local function rebind(phone_key, number, from, to)
  local held = redis.call("HGET", phone_key, number)
  if held then
    held = string.gsub(" " .. held .. " ", " " .. string.gsub(from, "%p", "%%%0") .. " ", " " .. to .. " ")
    redis.call("HSET", phone_key, number, string.sub(held, 2, -2))
  end
end
