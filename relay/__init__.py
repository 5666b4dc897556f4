"""Relay: a virtual-number relay for job boards."""

__version__ = "0.3.0"
