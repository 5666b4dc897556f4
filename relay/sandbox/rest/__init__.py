"""Twilio's REST API, as far as a number relay uses it."""
