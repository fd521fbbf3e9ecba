"""Faults on real servers of their own: each is proved to have happened, and must end in time, in our error."""
