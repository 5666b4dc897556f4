-- A session's record: its fields in this order, parted by tabs (relay/store/records.py writes the
-- same). No field can hold a tab: the API refuses control characters.
--
-- Every field is written out: to fill a table field by field takes Lua twice as long, and recycling
-- reads and writes little else.
local RECORD = "^" .. string.rep("([^\t]*)\t", 22) .. "([^\t]*)$"

local function read_session(record)
  local
    status, number, ordinal, recruiter, candidate, recruiter_index, candidate_index,
    created_at, expires_at, closed_at, closed_reason, code, channels, recruiter_locale,
    candidate_locale, recruiter_guard, candidate_guard, bindings, previous, former, code_needed,
    signature, context
    = string.match(record, RECORD)
  return {
    status = status, number = number, ordinal = ordinal, recruiter = recruiter,
    candidate = candidate, recruiter_index = recruiter_index, candidate_index = candidate_index,
    created_at = created_at, expires_at = expires_at, closed_at = closed_at,
    closed_reason = closed_reason, code = code, channels = channels,
    recruiter_locale = recruiter_locale, candidate_locale = candidate_locale,
    recruiter_guard = recruiter_guard, candidate_guard = candidate_guard,
    bindings = bindings, previous = previous, former = former,
    code_needed = code_needed, signature = signature, context = context,
  }
end

local function pack_session(session)
  return table.concat({
    session.status, session.number, session.ordinal, session.recruiter, session.candidate,
    session.recruiter_index, session.candidate_index, session.created_at, session.expires_at,
    session.closed_at, session.closed_reason, session.code, session.channels,
    session.recruiter_locale, session.candidate_locale, session.recruiter_guard,
    session.candidate_guard, session.bindings, session.previous, session.former,
    session.code_needed, session.signature, session.context
  }, "\t")
end

local function whole(number)
  return string.format("%d", number)
end
