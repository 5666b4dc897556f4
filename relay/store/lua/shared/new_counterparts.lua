-- A person's new counterparts of a day: phones that theirs is compared with, since one phone cannot
-- be both sides of a session. Their marks stand in one string, which a phone change with a thousand
-- sessions reads and writes faster than a set.
-- uses: batching
local A_DAY = 24 * 3600

-- Enough of a phone's index to tell a person's counterparts of a day apart: nine characters, the
-- last one a blank.
local function mark_of(index)
  return string.format("%-8.8s ", index)
end

-- Counts a phone for each of several people, or for none of them. A phone that was counted is no
-- new question for a day. people: key of each, mark of the phone, and most that there may be.
-- Returns the seconds to wait when somebody has had too many; nil when nobody has.
local function count_new_counterparts(people)
  local names, new = {}, {}
  for position, each in ipairs(people) do
    names[position] = each.key
  end
  for position, marks in ipairs(read_strings(names)) do
    local each = people[position]
    each.is_first = not marks
    if each.is_first or not string.find(marks, each.mark, 1, true) then
      if marks and #marks >= each.most * #each.mark then
        return redis.call("TTL", each.key)
      end
      new[#new + 1] = each
    end
  end
  for _, each in ipairs(new) do
    if each.is_first then
      redis.call("SET", each.key, each.mark, "EX", A_DAY)
    else
      redis.call("APPEND", each.key, each.mark)
    end
  end
  return nil
end
