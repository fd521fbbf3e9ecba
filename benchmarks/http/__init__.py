"""How quick the API is, beside views that do the same by hand: `python -m benchmarks.http`."""
