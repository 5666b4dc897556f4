"""A job as it is read from Redis, where anybody who can write to it may have put it (P9).

RQ would import whatever function, callback and webhook a job's hash names. Here nothing is ever
imported by a name from Redis: the functions are those that ``workers/jobs.py`` makes known,
callbacks and webhooks are none, and a job that names anything else is refused.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from inspect import signature
from typing import Any, ClassVar, TypeVar, cast

from redis import Redis
from rq.exceptions import NoSuchJobError, StopRequested
from rq.job import Job, validate_job_id

Function = TypeVar("Function", bound=Callable[..., None])

_ID = re.compile(r"[A-Za-z0-9._-]{1,200}")


class KnownJob(Job):
    #: All there are: a worker runs no other function.
    FUNCTIONS: ClassVar[dict[str, Callable[..., None]]] = {}

    _is_damaged = False

    @classmethod
    def fetch(
        cls,
        id: str,  # noqa: A002 - RQ's name
        connection: Redis | None = None,
        serializer: Any = None,
    ) -> KnownJob:
        """Raises NoSuchJobError, also for an id that is none: RQ's clean-up passes over it then."""
        if not is_job_id(id.partition(":")[0]):
            raise NoSuchJobError(id)
        return cast("KnownJob", super().fetch(id, connection, serializer))

    def restore(self, raw_data: Any) -> None:
        """Raises NoSuchJobError, and StopRequested where the worker is told to stop meanwhile: at
        anything else a worker of RQ's would quit."""
        try:
            super().restore(raw_data)
        except (NoSuchJobError, StopRequested):
            raise
        except Exception:  # noqa: BLE001 - there may be anything in it
            self._is_damaged = True

    @property
    def func(self) -> Callable[..., None]:
        """Raises KeyError for one that is no job."""
        return self.FUNCTIONS[str(self.func_name)]

    @property
    def success_callback(self) -> None:
        return None

    @property
    def failure_callback(self) -> None:
        return None

    @property
    def stopped_callback(self) -> None:
        return None

    def send_webhooks(self, *_: Any, **__: Any) -> None:
        """None are ever sent."""

    def why_not(self) -> str:
        """What is wrong with it, "" for nothing. To be asked before anything of it is done."""
        if self._is_damaged:
            return "it cannot be read"
        try:
            if self.func_name not in self.FUNCTIONS:
                return f"{self.func_name} is no job"
            arguments, more = [*self.args], self.kwargs or self.instance
        except Exception:  # noqa: BLE001 - there may be anything in it
            return "it cannot be read"
        if more or len(arguments) != len(signature(self.func).parameters):
            return "its arguments are not those of its function"
        if not all(isinstance(one, str) and _ID.fullmatch(one) for one in arguments):
            return "its arguments are not ids"
        if self._names_a_callback() or self.webhooks:
            return "it names a callback or a webhook"
        return ""

    def _names_a_callback(self) -> bool:
        names = self._success_callback_name, self._failure_callback_name
        return any(names) or bool(self._stopped_callback_name)


def is_job_id(text: str) -> bool:
    """Whether RQ takes it for one."""
    try:
        validate_job_id(text)
    except ValueError:
        return False
    return True


def job(function: Function) -> Function:
    """Makes a function known as a job, by its module and name."""
    KnownJob.FUNCTIONS[f"{function.__module__}.{function.__name__}"] = function
    return function
