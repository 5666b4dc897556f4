-- A session's record: its fields in this order, parted by tabs (relay/store/records.py writes the
-- same). No field can hold a tab: the API refuses control characters.
local SESSION_FIELDS = {
  "status", "number", "ordinal", "recruiter", "candidate", "recruiter_index", "candidate_index",
  "recruiter_sealed", "candidate_sealed", "created_at", "expires_at", "closed_at", "closed_reason",
  "code", "channels", "recruiter_locale", "candidate_locale", "recruiter_screen", "bindings",
  "previous", "former", "code_needed", "context",
}

local RECORD = "^" .. string.rep("([^\t]*)\t", #SESSION_FIELDS - 1) .. "([^\t]*)$"

local function read_session(record)
  local session, values = {}, { string.match(record, RECORD) }
  for position = 1, #SESSION_FIELDS do
    session[SESSION_FIELDS[position]] = values[position]
  end
  return session
end

local function pack_session(session)
  local values = {}
  for position, field in ipairs(SESSION_FIELDS) do
    values[position] = session[field]
  end
  return table.concat(values, "\t")
end

local function whole(number)
  return string.format("%d", number)
end
