"""Who is in the scenario, and what the board rents for them."""

from __future__ import annotations

RITA, NORA = "+12125550101", "+16175550123"
CARL, DAN, EVE, FINN = "+13105550127", "+19175550138", "+15105550116", "+17185550105"
NAMES = {RITA: "Rita", NORA: "Nora", CARL: "Carl", DAN: "Dan", EVE: "Eve", FINN: "Finn"}

FIRST_NUMBER, SECOND_NUMBER = "+14155550192", "+14155550193"
BOARD = "JobBoard"
