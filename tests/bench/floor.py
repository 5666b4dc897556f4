"""The floor: a bare Flask view that checks the signature and returns the same TwiML."""

from __future__ import annotations

import os

from flask import Flask, Response, abort, request
from twilio.request_validator import RequestValidator

app = Flask(__name__)
_validator = RequestValidator(os.environ["TWILIO_AUTH_TOKEN"])
_url = os.environ["PUBLIC_BASE_URL"] + "/twilio/voice"
_twiml = os.environ["FLOOR_TWIML"]


@app.post("/twilio/voice")
def voice() -> Response:
    if not _validator.validate(_url, request.form, request.headers.get("X-Twilio-Signature", "")):
        abort(403)
    return Response(_twiml, mimetype="text/xml")
