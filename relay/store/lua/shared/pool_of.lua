-- The pool that a session, call or text is in: its id begins with it.

local function pool_of(id)
  return string.match(id, "^([^.]+)%.")
end
