"""Boards: put on record, and found by what uses them."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from config.key_rings import KeyRing
from relay.domain.board import MAIN, Board, NumberPlace
from relay.domain.errors import Conflict, Invalid, NotFound, Unavailable
from relay.vault import Vault
from relay.workflows.deployment import Deployment
from relay.workflows.put_board import BoardTerms, find_board, put_board
from relay.workflows.renew_board_seals import renew_board_seals
from tests.fake_redis import FakeRedis
from tests.world import NOW, US, make_deployment, make_settings

ACCOUNT, OTHER_ACCOUNT = "AC" + "1" * 32, "AC" + "2" * 32
KEY, OTHER_KEY = "SK" + "1" * 32, "SK" + "2" * 32
OWN = {"account_sid": ACCOUNT, "auth_tokens": ("secret-1",)}
SERVICE = "MG" + "1" * 32
NUMBER = "+16285550151"


@pytest.fixture
def deployment() -> Deployment:
    return make_deployment()


def put(deployment: Deployment, name: str = "second", **terms: Any) -> Board:
    wanted = BoardTerms(**{"name": name, "spoken_name": "Second Jobs", **terms})
    return put_board(deployment, wanted).board


def test_a_number_of_a_board_that_is_no_more_is_mains(deployment: Deployment) -> None:
    deployment.numbers.enter(NUMBER, NumberPlace("gone", "us"))
    assert deployment.of_number(NUMBER) is deployment.main


def test_a_board_is_created_then_changed(deployment: Deployment) -> None:
    terms = BoardTerms(name="second", spoken_name="Second Jobs", messaging_services=(SERVICE,))
    assert put_board(deployment, terms).is_new
    assert not put_board(deployment, terms).is_new

    board = find_board(deployment, "second")

    assert (board.spoken_name, board.default_locale) == ("Second Jobs", "en")
    assert (board.account_sid, board.messaging_services) == ("", (SERVICE,))
    assert put(deployment).messaging_services == ()
    assert put(deployment, default_locale="zh-CN").default_locale == "zh-CN"


def test_a_board_may_have_the_longest_names(deployment: Deployment) -> None:
    board = put(deployment, "x" * 20, spoken_name="y" * 60)
    assert find_board(deployment, "x" * 20) == board


def test_main_is_made_of_the_settings(deployment: Deployment) -> None:
    with pytest.raises(Conflict) as refused:
        put(deployment, MAIN)
    assert refused.value.code == "board_of_settings"
    main = find_board(deployment, MAIN)
    assert (main.name, main.spoken_name) == (MAIN, deployment.settings.board_name)
    assert deployment.of_board(MAIN) is deployment.main


@pytest.mark.parametrize(
    ("terms", "at"),
    [
        ({"name": ""}, "/name"),
        ({"name": "-a"}, "/name"),
        ({"name": "Second"}, "/name"),
        ({"name": "a_b"}, "/name"),
        ({"name": "x" * 21}, "/name"),
        ({"spoken_name": " "}, "/spoken_name"),
        ({"spoken_name": "x" * 61}, "/spoken_name"),
        ({"default_locale": "english"}, "/default_locale"),
        ({"default_locale": "de"}, "/default_locale"),
        ({"default_locale": "zh-TW"}, "/default_locale"),
        ({"account_sid": "AC1"}, "/account/sid"),
        ({"auth_tokens": ("t",)}, "/account/sid"),
        ({"account_sid": ACCOUNT}, "/account/auth_token"),
        ({"carrier_key_sid": KEY, "carrier_key_secret": "s"}, "/account/sid"),
        ({**OWN, "carrier_key_sid": "SK1", "carrier_key_secret": "s"}, "/account/api_key/sid"),
        ({**OWN, "carrier_key_secret": "s"}, "/account/api_key/sid"),
        ({**OWN, "carrier_key_sid": KEY}, "/account/api_key/secret"),
        ({"messaging_services": ("MG1",)}, "/messaging_services/0"),
    ],
)
def test_what_a_board_cannot_be_is_refused(
    deployment: Deployment, terms: dict[str, Any], at: str
) -> None:
    with pytest.raises(Invalid) as refused:
        put(deployment, **terms)
    assert [fault.pointer for fault in refused.value.faults] == [at]
    with pytest.raises(NotFound):
        find_board(deployment, "second")


# --- its own carrier account ----------------------------------------------------------


def test_a_boards_auth_tokens_are_kept_sealed(deployment: Deployment) -> None:
    put(deployment, account_sid=ACCOUNT, auth_tokens=("secret-1", "secret-2"))

    services = deployment.of_board("second")

    assert services.account.sid == ACCOUNT
    assert services.account.tokens == ("secret-1", "secret-2")
    kept = str(deployment.client.hgetall("{all_boards}:boards"))
    assert "secret-" not in kept
    assert "secret-" not in repr((services.board, services.account))


def test_an_accounts_tokens_stay_unless_others_are_given(deployment: Deployment) -> None:
    put(deployment, account_sid=ACCOUNT, auth_tokens=("secret-1",))
    put(deployment, account_sid=ACCOUNT, spoken_name="Other Jobs")
    services = deployment.of_board("second")
    assert (services.board.spoken_name, services.account.tokens) == ("Other Jobs", ("secret-1",))

    with pytest.raises(Invalid):
        put(deployment, account_sid=OTHER_ACCOUNT)
    put(deployment, account_sid=ACCOUNT, auth_tokens=("secret-3",))
    assert deployment.of_board("second").account.tokens == ("secret-3",)
    put(deployment)
    assert deployment.of_board("second").account == deployment.main.account


def test_a_token_sealed_for_one_board_opens_for_no_other(deployment: Deployment) -> None:
    board = put(deployment, account_sid=ACCOUNT, auth_tokens=("secret-1",))
    stolen = Board(
        name="third",
        spoken_name="Third Jobs",
        account_sid=ACCOUNT,
        sealed_tokens=board.sealed_tokens,
    )
    deployment.registry.put(stolen)
    with pytest.raises(Unavailable):
        deployment.of_board("third")


def test_a_boards_api_key_is_kept_sealed_and_makes_its_requests(deployment: Deployment) -> None:
    put(deployment, **OWN, carrier_key_sid=KEY, carrier_key_secret="secret-k")

    services = deployment.of_board("second")

    assert services.account.credentials == (KEY, "secret-k")
    assert services.account.tokens == ("secret-1",)
    kept = str(deployment.client.hgetall("{all_boards}:boards"))
    assert "secret-" not in kept
    assert "secret-" not in repr((services.board, services.account))


def test_a_keys_secret_stays_until_the_key_changes_or_is_left_out(deployment: Deployment) -> None:
    put(deployment, **OWN, carrier_key_sid=KEY, carrier_key_secret="secret-k")
    put(deployment, account_sid=ACCOUNT, carrier_key_sid=KEY)
    assert deployment.of_board("second").account.credentials == (KEY, "secret-k")

    with pytest.raises(Invalid):
        put(deployment, account_sid=ACCOUNT, carrier_key_sid=OTHER_KEY)
    with pytest.raises(Invalid, match="board") as refused:
        put(deployment, account_sid=OTHER_ACCOUNT, auth_tokens=("t",), carrier_key_sid=KEY)
    assert [fault.pointer for fault in refused.value.faults] == ["/account/api_key/secret"]
    put(deployment, account_sid=ACCOUNT)
    assert deployment.of_board("second").account.credentials == (ACCOUNT, "secret-1")


def test_p9_a_secret_opens_for_no_other_board_or_key(deployment: Deployment) -> None:
    board = put(deployment, **OWN, carrier_key_sid=KEY, carrier_key_secret="secret-k")
    put(deployment, "third", **OWN)
    third = find_board(deployment, "third")
    for stolen in (
        replace(third, carrier_key_sid=KEY, sealed_key_secret=board.sealed_key_secret),
        replace(board, carrier_key_sid=OTHER_KEY),
        replace(board, sealed_key_secret=board.sealed_tokens[0]),
    ):
        deployment.registry.put(stolen)
        with pytest.raises(Unavailable):
            deployment.of_board(stolen.name)


def test_credentials_follow_a_new_sealing_key_and_then_do_without_the_old_one() -> None:
    client = FakeRedis()
    old, new = ("k1", b"1" * 32), ("k2", b"2" * 32)
    index = make_settings().relay_index_keys

    def with_keys(*keys: tuple[str, bytes]) -> Deployment:
        return make_deployment(client, vault=Vault(KeyRing(keys), index))

    put(with_keys(old), **OWN, carrier_key_sid=KEY, carrier_key_secret="secret-k")
    put(with_keys(old), "third", **OWN)
    put(with_keys(old), "fourth")

    renew_board_seals(with_keys(new, old))

    after = with_keys(new)
    assert after.of_board("second").account.credentials == (KEY, "secret-k")
    assert after.of_board("third").account.tokens == ("secret-1",)
    kept = client.hgetall("{all_boards}:boards")
    renew_board_seals(with_keys(new, old))
    assert client.hgetall("{all_boards}:boards") == kept


def test_a_board_that_changes_while_it_is_sealed_anew_keeps_its_change(
    deployment: Deployment,
) -> None:
    seen = put(deployment, **OWN)
    changed = put(deployment, account_sid=ACCOUNT, spoken_name="Other Jobs")

    deployment.registry.replace(seen, replace(seen, default_locale="zh-CN"))
    deployment.registry.replace(replace(seen, name="gone"), replace(seen, name="gone"))

    assert find_board(deployment, "second") == changed
    with pytest.raises(NotFound):
        find_board(deployment, "gone")


def test_a_board_that_cannot_be_opened_keeps_no_other_from_being_sealed_anew() -> None:
    client = FakeRedis()
    old, new, lost = (("k1", b"1" * 32), ("k2", b"2" * 32), ("k3", b"3" * 32))
    index = make_settings().relay_index_keys
    put(make_deployment(client, vault=Vault(KeyRing((lost,)), index)), "first", **OWN)
    put(make_deployment(client, vault=Vault(KeyRing((old,)), index)), **OWN)

    renew_board_seals(make_deployment(client, vault=Vault(KeyRing((new, old)), index)))

    after = make_deployment(client, vault=Vault(KeyRing((new,)), index))
    assert after.of_board("second").account.tokens == ("secret-1",)
    with pytest.raises(Unavailable):
        after.of_board("first")


def test_boards_are_grouped_by_the_account_that_they_use(deployment: Deployment) -> None:
    put(deployment, "second")
    put(deployment, "third", account_sid=ACCOUNT, auth_tokens=("secret-1",))

    groups = deployment.accounts()

    names = {group[0].account.sid: {each.board.name for each in group} for group in groups}
    assert names == {deployment.main.account.sid: {MAIN, "second"}, ACCOUNT: {"third"}}


# --- how a board is found -------------------------------------------------------------


def test_an_unknown_board_is_not_found(deployment: Deployment) -> None:
    with pytest.raises(NotFound):
        deployment.of_board("nobodys")


def test_a_number_leads_to_its_board_and_one_of_nobodys_to_main(deployment: Deployment) -> None:
    put(deployment)
    second = deployment.of_board("second")
    second.store.pools.put(US)
    second.store.numbers.add(NUMBER, "us", carrier_sid="PN", capabilities="vs", now=NOW)

    assert deployment.of_number(NUMBER) is second
    assert deployment.of_number("+16285550199") is deployment.main


def test_a_number_of_a_board_that_is_no_more_leads_to_main(deployment: Deployment) -> None:
    deployment.client.hset("{all_boards}:numbers", NUMBER, "gone/us")
    assert deployment.of_number(NUMBER) is deployment.main


def test_one_number_cannot_be_on_two_boards(deployment: Deployment) -> None:
    put(deployment)
    for services in (deployment.main, deployment.of_board("second")):
        numbers = services.store.numbers
        services.store.pools.put(US)
        if services is deployment.main:
            assert numbers.add(NUMBER, "us", carrier_sid="PN", capabilities="vs", now=NOW)
        else:
            with pytest.raises(Conflict):
                numbers.add(NUMBER, "us", carrier_sid="PN", capabilities="vs", now=NOW)


def test_services_follow_a_board_that_changes(deployment: Deployment) -> None:
    put(deployment)
    before = deployment.of_board("second")
    assert deployment.of_board("second") is before
    put(deployment, spoken_name="Other Jobs")
    after = deployment.of_board("second")
    assert after.board.spoken_name == "Other Jobs"
    assert after is not before


def test_a_board_whose_token_cannot_be_read_keeps_no_other_from_its_work() -> None:
    client = FakeRedis()
    put(make_deployment(client), "a", account_sid=ACCOUNT, auth_tokens=("secret-1",))
    other = KeyRing((("k9", bytes(32)),))
    rotated = make_deployment(client, vault=Vault(other, other))
    put(rotated, "b")
    assert [services.board.name for services in rotated.boards()] == [MAIN, "b"]


def test_while_the_boards_are_not_known_main_is() -> None:
    client = FakeRedis()

    def away(*_: object) -> None:
        raise Unavailable("away")

    client.hgetall = away  # type: ignore[method-assign]
    deployment = make_deployment(client, make_settings())
    assert deployment.boards() == [deployment.main]
    with pytest.raises(Unavailable):
        deployment.of_board("second")
