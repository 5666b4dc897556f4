"""Seals the boards' own credentials under the key that seals now, so that the one before may go."""

from __future__ import annotations

from dataclasses import replace

from relay.domain.board import Board
from relay.workflows.deployment import Deployment
from relay.workflows.pass_over_failures import pass_over_failures


def renew_board_seals(deployment: Deployment) -> None:
    """Safe side by side with itself, and with a change of the board. Raises Unavailable; a board
    whose seals cannot be opened stays as it is, and is logged."""
    for board in deployment.registry.all():
        with pass_over_failures(deployment.main.store, board=board.name, step="seal"):
            if not _is_up_to_date(deployment, board):
                deployment.registry.replace(board, _sealed_anew(deployment, board))


def _is_up_to_date(deployment: Deployment, board: Board) -> bool:
    seals = (*board.sealed_tokens, board.sealed_key_secret)
    return all(deployment.vault.is_current(sealed) for sealed in seals if sealed)


def _sealed_anew(deployment: Deployment, board: Board) -> Board:
    vault, account = deployment.vault, deployment.account_of(board)
    key = account.key
    return replace(
        board,
        sealed_tokens=tuple(vault.seal_token(token, board=board.name) for token in account.tokens),
        sealed_key_secret=(
            vault.seal_key_secret(key.secret, board=board.name, key_sid=key.sid) if key else ""
        ),
    )
