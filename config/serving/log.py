"""gunicorn's own lines, among ours."""

from __future__ import annotations

import logging
from typing import Any

from gunicorn.glogging import Logger

from config.logging import MaskNumbers, configure_logging
from config.process_log import log_everything

_MASK = MaskNumbers()


class WebLog(Logger):  # type: ignore[misc]  # gunicorn has no types
    """What gunicorn says leaves as everybody's lines do. It is made when gunicorn begins, before
    anything has been said."""

    def __init__(self, cfg: Any) -> None:
        log_everything()
        super().__init__(cfg)

    def setup(self, cfg: Any) -> None:
        super().setup(cfg)
        configure_logging(logging.getLevelName(self.loglevel))
        self.error_log.handlers.clear()
        self.error_log.propagate = True
        self.error_log.addFilter(_MASK)  # its lines at DEBUG hold paths
