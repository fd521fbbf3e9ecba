"""Bugs that are planted on purpose, one by one, to see that the tests catch them: `python -m tests.mutants`."""
