-- Why no number can be chosen, as a 409 names it.
-- uses: choosing

local function why_none(keys, request, recruiter, candidate)
  if request.geo == "strict" then
    request.geo = ""
    if choose(keys, request, recruiter, candidate) then
      return "strict_geo"
    end
  end
  local avoided = {}
  local limits = hard_limits(keys, request, candidate)
  limits[#limits + 1] = { "recruiter_is_candidate_on_every_number", recruiter.used.candidate }
  for _, limit in ipairs(limits) do
    avoided = joined(avoided, limit[2], limit[3])
    map_free(keys, avoided, {}, {})
    local is_left = take_mapped(keys)
    redis.call("DEL", keys.scratch)
    if not is_left then
      return limit[1]
    end
  end
  return "access_codes_off"
end
