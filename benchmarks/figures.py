"""From samples to figures."""

from statistics import median, quantiles
from typing import NamedTuple


class Figure(NamedTuple):
    """A median between its quartiles."""

    low: float
    middle: float
    high: float

    @classmethod
    def of(cls, samples):
        if len(samples) < 2:
            return cls(*samples * 3)
        low, _, high = quantiles(samples, n=4, method="inclusive")
        return cls(low, median(samples), high)


def ratios(samples, baseline):
    """Return how many times as long as the baseline each round took."""
    return [mine / its for mine, its in zip(samples, baseline, strict=True)]
