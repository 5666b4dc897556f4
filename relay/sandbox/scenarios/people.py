"""Who is in the story, and what the board rents for them."""

from __future__ import annotations

RITA, NORA = "+12125550101", "+16175550123"
CARL, DAN, EVE, FINN = "+13105550177", "+19175550188", "+15105550166", "+17185550155"
NAMES = {RITA: "Rita", NORA: "Nora", CARL: "Carl", DAN: "Dan", EVE: "Eve", FINN: "Finn"}

FIRST_NUMBER, SECOND_NUMBER = "+14155550142", "+14155550143"
BOARD = "JobBoard"
