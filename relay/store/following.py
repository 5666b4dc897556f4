"""A client that follows the master: what led to none is sent once more, on new connections."""

from __future__ import annotations

from typing import Any

import redis
from redis.client import Pipeline
from redis.exceptions import RedisError

from relay.store.lean_pool import attempt, is_no_master


class FollowingRedis(redis.Redis):
    def execute_command(self, *args: Any, **options: Any) -> Any:
        send = super().execute_command
        return attempt(self.connection_pool, lambda: send(*args, **options))  # type: ignore[no-untyped-call]

    def pipeline(self, transaction: bool = True, shard_hint: str | None = None) -> Pipeline:  # noqa: FBT001, FBT002
        return FollowingPipeline(
            self.connection_pool, self.response_callbacks, transaction, shard_hint
        )


class FollowingPipeline(Pipeline):
    def execute(self, raise_on_error: bool = True) -> list[Any]:  # noqa: FBT001, FBT002
        commands, send = list(self.command_stack), super().execute

        def once() -> list[Any]:
            self.command_stack = list(commands)
            answers: list[Any] = send(raise_on_error)
            errors = (answer for answer in answers if isinstance(answer, RedisError))
            astray = next((error for error in errors if is_no_master(error)), None)
            if astray is not None:
                raise astray
            return answers

        if self.watching:
            # What it has watched is watched on this connection alone: its owner begins anew.
            return once()
        return attempt(self.connection_pool, once)
