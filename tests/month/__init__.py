"""A month of a job board on a pool that runs itself: `make month`.

The real workflows on a real Redis, the simulated carrier on loopback, and a calendar that is moved
along. Nothing of ours is replaced but time.
"""
