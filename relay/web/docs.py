"""``/docs``: the OpenAPI document as a page, drawn by Scalar's API reference (``docs_page/``).

People type API keys into it. So each of its files comes from here, and its
Content-Security-Policy lets it talk to this service alone.
"""

from __future__ import annotations

from functools import cache
from pathlib import Path

from apiflask import APIBlueprint
from flask import Response

from relay.domain.errors import NotFound
from relay.web.auth import public

docs = APIBlueprint("docs", __name__, enable_openapi=False)

_FOLDER = Path(__file__).parent / "docs_page"
#: Scalar writes styles into the page: only here may a style be inline, and no script may anywhere.
_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'unsafe-inline'; connect-src 'self'; "
    "img-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
_HEADERS = {"X-Content-Type-Options": "nosniff", "Referrer-Policy": "no-referrer"}
_ASK_AGAIN = {"Cache-Control": "no-cache"}
_SCRIPTS = {
    "start.js": _ASK_AGAIN,
    # Its name has its version. It is kept packed, and sent so: every browser unpacks it.
    "scalar-1.76.0.js": {
        "Cache-Control": "public, max-age=31536000, immutable",
        "Content-Encoding": "gzip",
    },
}


@docs.get("/docs")
@public
def read_docs() -> Response:
    """The API, to read and to try"""
    headers = {"Content-Security-Policy": _POLICY, **_HEADERS, **_ASK_AGAIN}
    return Response(_read("index.html"), mimetype="text/html", headers=headers)


@docs.get("/docs/<name>")
@public
def read_script(name: str) -> Response:
    """One of the page's scripts. Raises NotFound."""
    if name not in _SCRIPTS:
        raise NotFound("The page has no such script.")
    return Response(_read(name), mimetype="text/javascript", headers=_HEADERS | _SCRIPTS[name])


@cache
def _read(name: str) -> bytes:
    packed = _FOLDER / f"{name}.gz"
    return (packed if packed.is_file() else _FOLDER / name).read_bytes()
