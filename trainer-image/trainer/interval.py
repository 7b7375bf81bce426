"""The 95 % interval of a score by its two ends: near what is possible at all, one end is nearer to the score than the other."""

from __future__ import annotations

from collections.abc import Sequence

from trainer.metrics import METRICS

#: Both ends; one number is half of the width, which is all that older trainers kept.
Interval = Sequence[float] | float


def parts_of(interval: Interval | None) -> tuple[float | None, float | None, float | None]:
    """Half of the width, which older readers know, and both ends."""
    if interval is None or isinstance(interval, (int, float)):
        return interval, None, None
    low, high = interval
    return (high - low) / 2, low, high


def ends_of(
    value: float | None, half: float | None, low: float | None, high: float | None, *, metric: str
) -> tuple[float, float] | None:
    """Where only half of the width was kept, as far to either side, and no further than what is possible."""
    if low is not None and high is not None:
        return low, high
    if value is None or half is None:
        return None
    return possible(value - half, value + half, metric=metric)


def possible(low: float, high: float, *, metric: str) -> tuple[float, float]:
    """What is to be high ends at 1; none is below 0 but R², by which a model can be worse than the mean."""
    return low if metric == "r2" else max(low, 0.0), min(high, 1.0) if METRICS[metric].higher_is_better else high
