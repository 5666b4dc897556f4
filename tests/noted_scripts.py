"""Notes what scripts are sent, so that a test can send it once more: its reply was lost."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from relay.store.scripts import Scripts, script


class NotedScripts(Scripts):
    def __init__(self, client: Any) -> None:
        super().__init__(client)
        self.sent: list[tuple[str, str, list[str], list[Any]]] = []

    def send(
        self, text: str, sha: str, keys: Sequence[str], args: Sequence[Any], *, durably: bool
    ) -> Any:
        self.sent.append((text, sha, list(keys), list(args)))
        return super().send(text, sha, keys, args, durably=durably)

    def repeat(self, name: str) -> Any:
        """What the latest call of this script is answered when it comes again."""
        text, sha, keys, args = next(
            one for one in reversed(self.sent) if one[1] == script(name).sha
        )
        return super().send(text, sha, keys, args, durably=False)
