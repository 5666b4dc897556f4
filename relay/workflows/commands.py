"""What an operator is told to run, or to look at."""

from __future__ import annotations

from relay.domain.board import MAIN, Board


def command(words: str, board: Board) -> str:
    """To be pasted as it is: on the board that it was found at."""
    of_board = "" if board.name == MAIN else f" --board {board.name}"
    return f"python -m relay {words}{of_board}"


def where_credentials_are(board: Board) -> str:
    """Where those of the carrier account that a board uses are set."""
    if board.account_sid:
        return f"boards put {board.name}"
    return "TWILIO_ACCOUNT_SID, TWILIO_API_KEY_SID with its secret, and TWILIO_AUTH_TOKEN"
