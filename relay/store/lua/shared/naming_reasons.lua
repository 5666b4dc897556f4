-- Why no number can be chosen, as a 409 names it.
-- uses: choosing

-- How many numbers two new people would get one of by such a request, in any area.
local function count_for_new_pairs(keys, request)
  local nobody = { used = {} }
  redis.call("BITOP", "OR", keys.scratch, unpack(bitmaps_of(hard_limits(keys, request, nobody))))
  local ordinals = tonumber(redis.call("HGET", keys.policy, "next_ordinal") or "0")
  local free = ordinals - redis.call("BITCOUNT", keys.scratch)
  redis.call("DEL", keys.scratch)
  return free
end

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
