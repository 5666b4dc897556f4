"""Relay: a virtual-number relay for job boards."""
