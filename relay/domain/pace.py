"""How fast a person may write in a session, so that two machines that answer each other come to
rest: an answering phone, an out-of-office reply.

A leaky bucket: a ``burst`` goes at once, then one each ``every`` seconds. What would have to wait
longer than ``MOST_WAIT`` is held: it is not relayed, and its sender is told by the count within the
hour. A machine's answer to that is no reason to tell it again.
"""

from __future__ import annotations

from dataclasses import dataclass

from relay.domain.policy import DAY


@dataclass(frozen=True)
class Pace:
    """``every`` is in seconds."""

    every: int
    burst: int


#: Twenty a minute.
OF_TEXTS = Pace(every=3, burst=20)
#: The same words: the fifth time within ten minutes has to wait.
OF_SAME_WORDS = Pace(every=150, burst=4)
#: The same words at any pace: twenty times, then once in 72 minutes. Two machines that are slowed
#: come no faster.
OF_SAME_WORDS_A_DAY = Pace(every=DAY // 20, burst=20)
#: Seconds a text is kept back at most before it is sent.
MOST_WAIT = 300
#: Words that are held are held for so many seconds from then on: what answers by itself goes on.
REPEATED_FOR = DAY
#: Such words within so many seconds after their sender was told are a machine's answer to that.
ANSWERS_WITHIN = 600
