"""The floors: a bare Flask view that checks the signature and returns the same TwiML; with
``FLOOR_REDIS_URL`` one that also runs a trivial script in Redis, as any answer that has to look
something up must."""

from __future__ import annotations

import os

import redis
from flask import Flask, Response, abort, request
from twilio.request_validator import RequestValidator

app = Flask(__name__)
_validator = RequestValidator(os.environ["TWILIO_AUTH_TOKEN"])
_url = os.environ["PUBLIC_BASE_URL"] + "/twilio/voice"
_twiml = os.environ["FLOOR_TWIML"]
_redis_url = os.environ.get("FLOOR_REDIS_URL", "")
_script = redis.Redis.from_url(_redis_url).register_script("return 1") if _redis_url else None


@app.post("/twilio/voice")
def voice() -> Response:
    if not _validator.validate(_url, request.form, request.headers.get("X-Twilio-Signature", "")):
        abort(403)
    if _script is not None:
        _script()
    return Response(_twiml, mimetype="text/xml")
