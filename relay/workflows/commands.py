"""Commands that an operator is told to run."""

from __future__ import annotations

from relay.domain.board import MAIN, Board


def command(words: str, board: Board) -> str:
    """To be pasted as it is: on the board that it was found at."""
    of_board = "" if board.name == MAIN else f" --board {board.name}"
    return f"python -m relay {words}{of_board}"
