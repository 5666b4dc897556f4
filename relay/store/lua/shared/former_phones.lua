-- session.former: "role:index" of phones that a side has left, comma-joined. Only that side may
-- take such a binding up again while it cools: late calls from it are meant for the other one (P1).

local function has_left(session, role, index)
  local former = "," .. session.former .. ","
  return string.find(former, "," .. role .. ":" .. index .. ",", 1, true) ~= nil
end

local function each_former(session, visit)
  for role, index in string.gmatch(session.former, "(%a+):([^,]+)") do
    visit(role, index)
  end
end

-- The phone that a side leaves and the one that it takes up are exchanged in session.former.
local function note_leaving(session, role, left, taken_up)
  local entries = { role .. ":" .. left }
  each_former(session, function(whose, index)
    if index ~= left and index ~= taken_up then
      entries[#entries + 1] = whose .. ":" .. index
    end
  end)
  session.former = table.concat(entries, ",")
end
