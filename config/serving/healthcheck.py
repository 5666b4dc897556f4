"""``python -m config.serving.healthcheck``: whether this machine's web server answers ``/healthz``.

For containers (``Dockerfile``): ends with 0 if it does, else with 1. It needs Python alone, so that
the image needs no curl.
"""

from __future__ import annotations

import http.client
import os
import sys

_SECONDS = 2.0


def answers(port: int) -> bool:
    """Whether ``/healthz`` at this port of the machine itself is a 200 within two seconds."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=_SECONDS)
    try:
        connection.request("GET", "/healthz")
        return connection.getresponse().status == 200
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()


if __name__ == "__main__":
    sys.exit(0 if answers(int(os.environ.get("PORT") or 8000)) else 1)
