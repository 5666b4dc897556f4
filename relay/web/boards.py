"""``/v1/boards``: the job boards of the deployment, for its own keys."""

from __future__ import annotations

from apiflask import APIBlueprint
from pydantic import TypeAdapter

from relay.domain.api_key import Scope
from relay.domain.board import Board
from relay.web.auth import needs
from relay.web.current import deployment
from relay.web.cursors import Cursors
from relay.web.schemas.base import Page
from relay.web.schemas.boards import AccountBody, BoardAnswer, BoardBody, BoardList
from relay.workflows.put_board import BoardTerms, find_board, put_board

boards = APIBlueprint("boards", __name__, url_prefix="/v1/boards")

_names = Cursors("boards", TypeAdapter(str))


@boards.put("/<name>")
@needs(Scope.BOARDS)
@boards.input(BoardBody)
@boards.output(BoardAnswer)
@boards.doc(operation_id="put_board", responses={201: "A new board"})
def put(name: str, json_data: BoardBody) -> tuple[BoardAnswer, int]:
    """Create a board, or change it

    Needs a deployment key, which `python -m relay keys create NAME --scope boards` makes. The board
    `main` is made of the settings. Every process follows within seconds.
    """
    done = put_board(
        deployment(),
        BoardTerms(
            name=name,
            spoken_name=json_data.spoken_name,
            default_locale=json_data.default_locale,
            requests_per_minute=json_data.requests_per_minute,
            account_sid=json_data.account.sid if json_data.account else "",
            auth_tokens=_tokens(json_data.account),
            **_carrier_key(json_data.account),
            messaging_services=tuple(json_data.messaging_services),
        ),
    )
    return _present(done.board), 201 if done.is_new else 200


def _tokens(account: AccountBody | None) -> tuple[str, ...]:
    if account is None or account.auth_token is None:
        return ()
    given = (account.auth_token, account.auth_token_next)
    return tuple(token.get_secret_value() for token in given if token is not None)


def _carrier_key(account: AccountBody | None) -> dict[str, str]:
    if account is None or account.api_key is None:
        return {}
    secret = account.api_key.secret
    return {
        "carrier_key_sid": account.api_key.sid,
        "carrier_key_secret": secret.get_secret_value() if secret else "",
    }


@boards.get("")
@needs(Scope.BOARDS)
@boards.input(Page, location="query")
@boards.output(BoardList)
@boards.doc(operation_id="list_boards")
def index(query_data: Page) -> BoardList:
    """List the boards by name"""
    after = _names.read(query_data.cursor) or ""
    every = [deployment().main.board, *deployment().registry.all()]
    found = sorted((one for one in every if one.name > after), key=lambda one: one.name)
    page = found[: query_data.limit]
    return BoardList(
        data=[_present(one) for one in page],
        next_cursor=_names.write(page[-1].name if len(found) > len(page) else None),
    )


@boards.get("/<name>")
@needs(Scope.BOARDS)
@boards.output(BoardAnswer)
@boards.doc(operation_id="get_board")
def get(name: str) -> BoardAnswer:
    """Read a board"""
    return _present(find_board(deployment(), name))


def _present(board: Board) -> BoardAnswer:
    return BoardAnswer(
        name=board.name,
        spoken_name=board.spoken_name,
        default_locale=board.default_locale,
        requests_per_minute=board.requests_per_minute,
        account_sid=board.account_sid or None,
        api_key_sid=board.carrier_key_sid or None,
        messaging_services=list(board.messaging_services),
    )
