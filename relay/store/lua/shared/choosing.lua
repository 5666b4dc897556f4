-- Choosing a number for a pair.
-- keys: policy numbers ordinals blocked resting full no_sms sms_unready no_voice
--    busy scratch
--
-- Where no number fits in all, this gives way in turn: rest (a resting number is taken), spread
-- (the lowest free number is taken), geo (a number of another area is taken). Then the recruiter
-- shares a number that is free for the candidate, and on which the recruiter is no candidate: the
-- access code decides. What the carrier would suppress a text on is the last resort, also of a pair
-- that only texts: a refusal would tell of an old STOP by a phone that was guessed (P2).
--
-- request: voice, sms, spread, shares (booleans), geo ("", "prefer", "strict"), area (bitmap),
-- suppressed (numbers), filled (ordinals that are about to be full). A node's `taken` are ordinals
-- that the phone is about to be bound on.

-- How many of the least loaded numbers are looked at, and how many of them at a time.
local LOOKED_AT, AT_A_TIME = 512, 32

-- What the policy lets a session of these channels have ("vs", "v", "s"). area: bitmap, or nil.
local function request_of(keys, channels, area, suppressed)
  local policy = redis.call("HMGET", keys.policy, "selection", "access_codes", "geo", "strict_geo")
  local by_area = area and policy[3] == "area_code"
  return {
    voice = string.find(channels, "v", 1, true) ~= nil,
    sms = string.find(channels, "s", 1, true) ~= nil,
    spread = policy[1] == "spread",
    shares = policy[2] == "1",
    geo = by_area and (policy[4] == "1" and "strict" or "prefer") or "",
    area = area,
    suppressed = suppressed,
    filled = {},
  }
end

-- Sets in scratch the bits of the ordinals that are in no avoided bitmap or list and in all of
-- `within`.
local function map_free(keys, avoided, lists, within)
  redis.call("BITOP", "OR", keys.scratch, unpack(avoided))
  for _, ordinals in ipairs(lists) do
    for _, ordinal in ipairs(ordinals) do
      redis.call("SETBIT", keys.scratch, ordinal, 1)
    end
  end
  redis.call("BITOP", "NOT", keys.scratch, keys.scratch)
  for _, bitmap in ipairs(within) do
    redis.call("BITOP", "AND", keys.scratch, keys.scratch, bitmap)
  end
end

local function least_loaded(keys)
  for first = 0, LOOKED_AT - 1, AT_A_TIME do
    local ordinals = redis.call("ZRANGE", keys.busy, first, first + AT_A_TIME - 1)
    for _, ordinal in ipairs(ordinals) do
      if redis.call("GETBIT", keys.scratch, ordinal) == 1 then
        return ordinal
      end
    end
  end
  return nil
end

-- Returns the ordinal and the number to take of those mapped free; nil when there is none.
local function take_mapped(keys, spread)
  local lowest = redis.call("BITPOS", keys.scratch, 1)
  local number = lowest >= 0 and redis.call("HGET", keys.ordinals, lowest)
  if not number then
    return nil
  end
  local ordinal = spread and least_loaded(keys) or string.format("%d", lowest)
  return ordinal, redis.call("HGET", keys.ordinals, ordinal)
end

local function joined(list, ...)
  local all = { unpack(list) }
  for _, item in ipairs({ ... }) do
    all[#all + 1] = item
  end
  return all
end

-- The areas to look for a number in, the strictest first.
local function areas_of(request)
  if request.geo == "strict" then
    return { { request.area } }
  elseif request.geo == "prefer" then
    return { { request.area }, {} }
  end
  return { {} }
end

-- rather: a bitmap of ordinals to take one of, where that fits the same wishes; or nil.
local function take_as_asked(keys, request, avoided, lists, rather)
  for _, area in ipairs(areas_of(request)) do
    for _, avoids in ipairs({ joined(avoided, keys.resting), avoided }) do
      for _, within in ipairs(rather and { joined(area, rather), area } or { area }) do
        map_free(keys, avoids, lists, within)
        local ordinal, number = take_mapped(keys, request.spread)
        if ordinal then
          return ordinal, number
        end
      end
    end
  end
  return nil
end

local function ordinals_of(keys, numbers)
  local ordinals = {}
  for _, number in ipairs(numbers) do
    ordinals[#ordinals + 1] = redis.call("HGET", keys.numbers, number) or nil
  end
  return ordinals
end

-- Bitmaps of what no request can change, with the reason each stands for, in the order of naming.
local function hard_limits(keys, request, candidate)
  local limits = { { "no_numbers", keys.blocked } }
  if request.sms then
    limits[#limits + 1] = { "no_sms_number", keys.no_sms, keys.sms_unready }
  end
  if request.voice then
    limits[#limits + 1] = { "no_voice_number", keys.no_voice }
  end
  limits[#limits + 1] = { "every_number_full", keys.full }
  limits[#limits + 1] = {
    "candidate_on_every_number", candidate.used.recruiter, candidate.used.candidate,
  }
  return limits
end

local function bitmaps_of(limits)
  local bitmaps = {}
  for _, limit in ipairs(limits) do
    bitmaps = joined(bitmaps, limit[2], limit[3])
  end
  return bitmaps
end

-- Returns ordinal and number, or nil.
local function choose(keys, request, recruiter, candidate)
  local free_for_candidate = bitmaps_of(hard_limits(keys, request, candidate))
  local not_as_candidate = joined(free_for_candidate, recruiter.used.candidate)
  local free_for_both = joined(not_as_candidate, recruiter.used.recruiter)
  local taken = { request.filled, candidate.taken or {} }
  local suppressed = request.sms and ordinals_of(keys, request.suppressed) or {}
  local ways = #suppressed > 0 and { suppressed, {} } or { {} }
  local ordinal, number
  for _, heeded in ipairs(ways) do
    local lists = joined(taken, heeded)
    ordinal, number = take_as_asked(
      keys, request, free_for_both, recruiter.taken and joined(lists, recruiter.taken) or lists)
    if not ordinal and request.shares then
      ordinal, number = take_as_asked(keys, request, not_as_candidate, lists, recruiter.shared)
    end
    if ordinal then
      break
    end
  end
  redis.call("DEL", keys.scratch)
  return ordinal, number
end
