"""The demo's chapters."""
