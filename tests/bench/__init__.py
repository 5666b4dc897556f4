"""``make bench``: the figures of docs/benchmarks.md, side by side with a floor, seeds fixed."""
