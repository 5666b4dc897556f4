-- What takes texts back. Which reasons do is said in relay/domain/session.py, and passed in.

-- Whether the session was closed for one of these reasons.
local function is_closed_for(session, reasons)
  for _, reason in ipairs(reasons) do
    if session.closed_reason == reason then
      return true
    end
  end
  return false
end
