"""gunicorn's settings: `gunicorn --config config/server.py 'relay.app:create_app()'`.

Read by gunicorn's own process before the application is loaded, so it looks at the environment
itself: PORT, WEB_CONCURRENCY, CLIENT_SLOTS, LOG_LEVEL.
"""

import os
import resource
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from gunicorn.arbiter import Arbiter
    from gunicorn.workers.base import Worker

    from config.serving.worker import WebWorker


def _whole(name: str, default: str) -> str:
    """A setting; the default where it is no number, of which config/settings.py will speak."""
    given = os.environ.get(name, "")
    return given if given.isdecimal() else default


def _open_files(wanted: int) -> int:
    """How many files a process may have open: raised to what is wanted, if the system lets us."""
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    allowed = wanted if most == resource.RLIM_INFINITY else min(wanted, most)
    resource.setrlimit(resource.RLIMIT_NOFILE, (allowed, most))
    return allowed


_port = _whole("PORT", "8000")

# --- processes --------------------------------------------------------------------------

bind = f"0.0.0.0:{_port}"
workers = int(_whole("WEB_CONCURRENCY", "1"))
worker_class = "config.serving.worker.WebWorker"
# More than an outsider can half-send and reopen within the deadlines; a quarter of the open files
# is left for Redis, the carrier and what ends just now.
worker_connections = _open_files(16_000) * 3 // 4
proc_name = "relay"
worker_tmp_dir = "/dev/shm" if Path("/dev/shm").is_dir() else None  # a heartbeat waits for no disk
control_socket_disable = True  # a socket that takes orders has no place in production

# --- patience, in seconds ---------------------------------------------------------------

timeout = 30  # a worker whose event loop stands still this long is replaced
graceful_timeout = 5  # our slowest answer takes 2; idle router connections would hold us longer
keepalive = 95  # more than a router's own (Heroku: 90), so that never we hang up on it
# A head has 5 and a body 10: config/serving/connection.py

# --- what a request may be --------------------------------------------------------------

limit_request_line = 4_094
limit_request_fields = 64
limit_request_field_size = 8_190
# Our address is PUBLIC_BASE_URL. No header says who we are, or by which path we were called.
forwarded_allow_ips = ""
forwarder_headers = ""

# --- logs -------------------------------------------------------------------------------

accesslog = None  # the application writes one line a request, with its ids
logger_class = "config.serving.log.WebLog"
loglevel = (os.environ.get("LOG_LEVEL") or "info").lower()

# --- metrics ----------------------------------------------------------------------------
# Several workers share their counters through files, as prometheus-client does it. It reads the
# variable when it is imported, which is after this file.

_METRICS = "PROMETHEUS_MULTIPROC_DIR"
if workers > 1:
    os.environ.setdefault(_METRICS, f"{tempfile.gettempdir()}/relay-metrics-{os.getuid()}-{_port}")


def on_starting(server: "Arbiter") -> None:
    """Begin with no counts: those of an earlier run would be added to ours."""
    if directory := os.environ.get(_METRICS):
        Path(directory).mkdir(mode=0o700, parents=True, exist_ok=True)
        for counts in Path(directory).glob("*.db"):
            counts.unlink()


def post_fork(server: "Arbiter", worker: "WebWorker") -> None:
    """Tell the worker how many connections of one address it may hold."""
    worker.client_slots = int(_whole("CLIENT_SLOTS", "0"))


def child_exit(server: "Arbiter", worker: "Worker") -> None:
    """Forget the gauges of a worker that has gone; its counters stay in the sum."""
    if _METRICS in os.environ:
        from prometheus_client import multiprocess  # noqa: PLC0415 - not before the variable is set

        multiprocess.mark_process_dead(worker.pid)  # type: ignore[no-untyped-call] # the library has no types
