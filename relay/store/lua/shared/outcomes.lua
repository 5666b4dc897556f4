-- How calls and texts ended, counted for metrics: once each, by the first end that is known.
-- keys: outcomes
--
-- A later report may set a record right, such as one of a text that has arrived after all. What was
-- counted stays: a counter that went back would read as one that has begun anew.

local function count_outcome(what)
  redis.call("HINCRBY", keys.outcomes, what, 1)
end
