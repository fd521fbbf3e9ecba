"""How quick the stores are, beside what a hand would write and what others offer: `python -m benchmarks`.

Ratios are taken within a round, between neighbours in time, so that a busy machine slows both sides alike.
"""
