"""Moves everything to the first keys of the rings, while the service runs (``docs/rotation.md``).

Every step compares before it writes, and does nothing to what is under the first keys already: it
may be ended at any moment and run again.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from relay.domain.errors import Conflict
from relay.domain.session import Session
from relay.store.records import sign_record_anew
from relay.store.resealing import ClearedKeys, Indexed, KeptText
from relay.vault import Unreadable
from relay.workflows.deployment import Deployment
from relay.workflows.renew_board_seals import renew_board_seals
from relay.workflows.renew_indexes import renew_indexes
from relay.workflows.renew_signatures import renew_signatures
from relay.workflows.services import Services

#: How often somebody whom others change at the same time is looked at again.
_ATTEMPTS = 3

#: Called with the number of steps that were made.
Progress = Callable[[int], None]


@dataclass
class Resealed:
    """What one run has moved, could not open, and leaves under former index keys: by until when
    (moments, 0 for nothing), bindings of phones that their owners have left, and codes of open
    sessions."""

    phones: int = 0
    bindings: int = 0
    texts: int = 0
    sessions: int = 0
    unreadable: int = 0
    left: int = 0
    bindings_until: float = 0
    codes: int = 0
    codes_until: float = 0


def count_steps(deployment: Deployment) -> int:
    """About as many as ``reseal`` makes. Raises Unavailable."""
    return sum(board.store.resealing.how_much() for board in deployment.boards())


def reseal(deployment: Deployment, *, progress: Progress, clock: Callable[[], float]) -> Resealed:
    """Returns what was moved and what is left. Raises Unavailable: run it again then."""
    renew_board_seals(deployment)
    renew_signatures(deployment)
    done = Resealed()
    for services in deployment.boards():
        _reseal_board(services, done, progress, clock)
    _note_what_is_left(deployment, done, now=clock())
    return done


def _reseal_board(
    services: Services, done: Resealed, progress: Progress, clock: Callable[[], float]
) -> None:
    store, now = services.store.resealing, clock()
    for people in store.people():
        _reseal_people(services, people, done)
        progress(len(people))
    for texts in store.texts_not_under(services.vault.sealing_key_ids[0]):
        for text in texts:
            _reseal_text(services, text, done, now=clock())
        progress(len(texts))
    for sessions in store.sessions():
        for session, record in sessions:
            _sign_anew(services, session, record, done)
            _note_code(services, session, done, now=now)
        progress(len(sessions))
    for pool in services.store.pools.names():
        _note_bindings(services, pool, done, now=now)


# --- people ---------------------------------------------------------------------------


def _reseal_people(services: Services, people: list[Indexed], done: Resealed) -> None:
    renewed = [
        _reseal_person(services, person, done) if _is_behind(services, person) else person
        for person in people
    ]
    known = [person for person in renewed if person and person.indexes]
    for former, index in services.store.resealing.bound_elsewhere(known):
        if services.store.resealing.move_bindings(former, index):
            done.bindings += 1
        else:
            done.left += 1


def _is_behind(services: Services, person: Indexed) -> bool:
    vault = services.vault
    return person.index_key_ids != vault.index_key_ids or not vault.is_current(person.sealed)


def _reseal_person(services: Services, seen: Indexed, done: Resealed) -> Indexed | None:
    """As they are on record afterwards; None for somebody who has gone or cannot be opened."""
    for attempt in range(_ATTEMPTS):
        person = services.store.people.get(seen.role, seen.ref)
        if person is None or not person.sealed_phone:
            return None
        found = Indexed(
            person.role,
            person.ref,
            person.sealed_phone,
            person.phone_indexes,
            person.index_key_ids,
        )
        if not _is_behind(services, found):
            done.phones += bool(attempt)
            return found
        try:
            renew_indexes(services, person)
        except Conflict:
            done.unreadable += 1
            return None
    done.left += 1
    return None


# --- texts and sessions ---------------------------------------------------------------


def _reseal_text(services: Services, text: KeptText, done: Resealed, *, now: float) -> None:
    try:
        sealed = _sealed_anew(services, text)
    except Unreadable:
        done.unreadable += 1
        return
    done.texts += services.store.resealing.replace_text(text, sealed, now=now)


def _sealed_anew(services: Services, text: KeptText) -> str:
    """The same words, sealed for the same reader under the key that seals now. Raises
    Unreadable."""
    vault, board = services.vault, services.board.name
    words = vault.unseal_text(
        text.sealed,
        board=board,
        message_id=text.message,
        session=text.session,
        reader=text.reader,
    )
    return vault.seal_text(
        words, board=board, message_id=text.message, session=text.session, reader=text.reader
    )


def _sign_anew(services: Services, session: Session, record: str, done: Resealed) -> None:
    signed = sign_record_anew(services.vault.signer, services.board.name, session.id, record)
    if signed != record:
        services.store.resealing.replace_session(session.id, seen=record, record=signed)
        done.sessions += 1


# --- what is left under former index keys ---------------------------------------------


def _note_code(services: Services, session: Session, done: Resealed, *, now: float) -> None:
    """A code is not drawn anew: people have it."""
    if session.is_live(now) and services.store.sessions.has_code_of_former_key(session):
        done.codes += 1
        done.codes_until = max(done.codes_until, session.expires_at)


def _note_bindings(services: Services, pool: str, done: Resealed, *, now: float) -> None:
    """A phone that its owner has left is known by its index alone."""
    for batch in services.store.resealing.cooling(pool):
        for binding in batch:
            if binding.phone_index not in binding.person_indexes[:1] and binding.until > now:
                done.bindings_until = max(done.bindings_until, binding.until)


def _note_what_is_left(deployment: Deployment, done: Resealed, *, now: float) -> None:
    """A phone that is left after a run was bound under the first key by then: so what the first
    complete run has seen is the most there can be of them."""
    marks = ClearedKeys(deployment.client)
    known = marks.all()
    first, *former = deployment.vault.index_key_ids
    marks.forget(first)
    has_moved = done.phones or done.bindings or done.left or done.unreadable
    for key_id in former:
        bindings = done.bindings_until
        if key_id in known and not has_moved:
            bindings = min(bindings, known[key_id][0])
        marks.note(key_id, bindings=bindings, codes=done.codes_until)
    done.bindings_until = max(
        (bindings for key_id, (bindings, _) in marks.all().items() if key_id in former), default=0
    )
    done.bindings_until = done.bindings_until if done.bindings_until > now else 0
