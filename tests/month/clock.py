"""The month's time: ours, the carrier's, and the lives of Redis' keys, which pass in real time
unless they are shortened."""

from __future__ import annotations

from datetime import UTC, datetime

import redis

from relay.sandbox import SimulatedCarrier

_SHORTEN_LIVES = """
local cursor = "0"
repeat
  local answer = redis.call("SCAN", cursor, "COUNT", 1000)
  cursor = answer[1]
  for _, key in ipairs(answer[2]) do
    local left = redis.call("PTTL", key)
    if left >= 0 and left <= tonumber(ARGV[1]) then
      redis.call("DEL", key)
    elseif left >= 0 then
      redis.call("PEXPIRE", key, left - tonumber(ARGV[1]))
    end
  end
until cursor == "0"
"""


class Calendar:
    """Called, it says the moment in POSIX seconds, as every clock of the workflows does."""

    def __init__(self, start: float, carrier: SimulatedCarrier, client: redis.Redis) -> None:
        self.now = start
        self._carrier = carrier
        self._client = client
        self._lives_until = start
        self.turn_to(start)

    def __call__(self) -> float:
        return self.now

    def turn_to(self, moment: float) -> None:
        self.now = moment
        self._carrier.advance(datetime.fromtimestamp(moment, UTC) - self._carrier.now)

    def shorten_lives(self) -> None:
        """Takes what has passed since the last time from the lives of all keys."""
        passed = round(1000 * (self.now - self._lives_until))
        self._client.eval(_SHORTEN_LIVES, 0, passed)
        self._lives_until = self.now
