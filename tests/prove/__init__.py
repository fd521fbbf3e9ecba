"""Proofs with figures: each is a command, `python -m tests.prove.NAME`, run under `python -m tests.servers run --`.

The tests run the same code in small.
"""
