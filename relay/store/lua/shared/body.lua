-- What a message's body key holds: the sealed text, and its receiver's sealed phone.

local function pack_body(text, receiver_sealed)
  return text .. "\t" .. receiver_sealed
end

local function read_body(body)
  local text, receiver_sealed = string.match(body, "^([^\t]*)\t(.*)$")
  return { text = text, receiver_sealed = receiver_sealed }
end
