"""The rules of the relay: no I/O and no clock; ``now`` is an argument, in POSIX seconds."""
