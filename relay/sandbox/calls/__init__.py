"""Calls: who rings whom, what TwiML makes of it, and what each side hears."""
