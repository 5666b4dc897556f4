-- Why no number can be chosen, as a 409 names it.
-- uses: choosing

local function why_none(keys, wish, recruiter, candidate)
  if wish.geo == "strict" then
    wish.geo = ""
    if choose(keys, wish, recruiter, candidate) then
      return "strict_geo"
    end
  end
  local suppressed = wish.sms and not wish.voice and ordinals_of(keys, wish.suppressed) or {}
  local avoided = {}
  local limits = hard_limits(keys, wish, candidate)
  limits[#limits + 1] = { "recruiter_is_candidate_on_every_number", recruiter.used.candidate }
  for _, limit in ipairs(limits) do
    avoided = joined(avoided, limit[2], limit[3])
    map_free(keys, avoided, limit[1] == "no_numbers" and {} or { suppressed }, {})
    local is_left = take_mapped(keys)
    redis.call("DEL", keys.scratch)
    if not is_left then
      return limit[1]
    end
  end
  return "access_codes_off"
end
