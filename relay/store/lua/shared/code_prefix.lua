-- The code prefix of a text: what tells a recruiter of several sessions on a number which one it
-- belongs to (relay/domain/code_prefix.py words it).

-- Code and context, both "" where nobody needs them. Only the phone of that side is told them.
local function code_prefix_for(side, session)
  if side == "recruiter" and session.code_needed == "1" then
    return session.code, session.context
  end
  return "", ""
end
