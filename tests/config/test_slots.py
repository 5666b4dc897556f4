"""Which connection gives way when a web process has no more slots."""

from __future__ import annotations

from config.serving.slots import Slots, Wait


class Ended(list[str]):
    """Who has been told to end, in order."""

    def ends(self, name: str) -> None:
        self.append(name)


def waiting(slots: Slots, ended: Ended, name: str, wait: Wait) -> None:
    assert slots.take("client")
    slots.begin_wait(wait, name, lambda: ended.ends(name))


def test_the_oldest_half_sent_one_gives_way_and_idle_ones_only_after_all_of_those() -> None:
    slots, ended = Slots(3), Ended()
    waiting(slots, ended, "idle", Wait.FOR_REQUEST)
    waiting(slots, ended, "old", Wait.FOR_REST)
    waiting(slots, ended, "young", Wait.FOR_REST)

    assert all(slots.take("client") for _ in range(3))
    assert ended == ["old", "young", "idle"]


def test_who_keeps_nobody_waiting_is_never_ended() -> None:
    slots, ended = Slots(1), Ended()
    waiting(slots, ended, "served", Wait.FOR_REST)
    slots.end_wait(Wait.FOR_REST, "served")

    assert not slots.take("client")
    assert ended == []


def test_one_client_holds_no_more_than_its_share() -> None:
    slots = Slots(10, for_one_client=2)

    assert [slots.take("one") for _ in range(3)] == [True, True, False]
    assert slots.take("another")
    slots.give_back("one")
    assert slots.take("one")


def test_without_a_share_one_address_may_hold_all_slots_and_gets_more_from_itself() -> None:
    slots, ended = Slots(2), Ended()
    waiting(slots, ended, "half-sent", Wait.FOR_REST)

    assert [slots.take("client") for _ in range(3)] == [True, True, False]
    assert ended == ["half-sent"]
