-- One session takes a binding over from another; nothing else changes.
local function rebind(phone_key, number, from, to)
  local held = redis.call("HGET", phone_key, number)
  if held then
    local old = " " .. string.gsub(from, "%p", "%%%0") .. " "
    held = string.gsub(" " .. held .. " ", old, " " .. to .. " ")
    redis.call("HSET", phone_key, number, string.sub(held, 2, -2))
  end
end
