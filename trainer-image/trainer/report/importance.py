"""How much worse the model gets when one column is shuffled, on held-out rows."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd

from trainer.output import Output
from trainer.scoring import Scorer

_MOST_ROUNDS = 5
_MOST_ROWS, _FEWEST_ROWS = 1000, 100
#: Several shuffled copies go to the model at once: many small predictions cost more than one large one.
_ROWS_AT_ONCE = 20_000
_STUDENT = {2: 12.71, 3: 4.30, 4: 3.18, 5: 2.78}


def permutation_importance(
    predict: Callable[[pd.DataFrame], Output],
    frame: pd.DataFrame,
    scorer_of: Callable[[np.ndarray], Scorer],
    truth: np.ndarray,
    seconds: float,
    seed: int,
    stopped: Callable[[], bool],
    seconds_per_row: float = 0.0,
) -> tuple[list[dict[str, Any]], bool]:
    """Rows `{column, mean, interval}`, most important first, and whether every column got at least one round."""
    ends_at = time.monotonic() + seconds
    random = np.random.default_rng(seed)
    # All columns on fewer rows say more than some columns on many. Half of the time is for one round.
    most = _MOST_ROWS
    if seconds_per_row > 0:
        affordable = seconds / 2 / (seconds_per_row * len(frame.columns))
        most = int(np.clip(affordable, _FEWEST_ROWS, _MOST_ROWS))
    if len(frame) > most:
        rows = np.sort(random.choice(len(frame), most, replace=False))
        frame, truth = frame.iloc[rows].reset_index(drop=True), truth[rows]
    scorer = scorer_of(truth)
    sign = 1 if scorer.task.metric.higher_is_better else -1
    whole = scorer.score(predict(frame))
    columns = list(frame.columns)
    losses: dict[str, list[float]] = {name: [] for name in columns}
    rows_at_once = _ROWS_AT_ONCE if seconds_per_row <= 0 else min(_ROWS_AT_ONCE, seconds / 4 / seconds_per_row)
    at_once = max(1, int(rows_at_once // max(1, len(frame))))
    work = [(name, number) for number in range(_MOST_ROUNDS) for name in columns]
    for start in range(0, len(work), at_once):
        batch = [name for name, _ in work[start : start + at_once]]
        began = time.monotonic()
        if start and (began >= ends_at or stopped()):
            break
        output = predict(pd.concat([_shuffled(frame, name, random) for name in batch], ignore_index=True))
        for number, name in enumerate(batch):
            part = output.take(np.arange(number * len(frame), (number + 1) * len(frame)))
            losses[name].append(sign * (whole - scorer.score(part)))
        if time.monotonic() + (time.monotonic() - began) > ends_at:
            break
    found = [_row(name, np.array(values)) for name, values in losses.items() if values]
    return sorted(found, key=lambda row: -row["mean"]), all(losses.values())


def _shuffled(frame: pd.DataFrame, name: str, random: np.random.Generator) -> pd.DataFrame:
    copy = frame.copy(deep=False)
    copy[name] = frame[name].to_numpy()[random.permutation(len(frame))]
    return copy


def _row(name: str, values: np.ndarray) -> dict[str, Any]:
    count = len(values)
    interval = None if count < 2 else float(_STUDENT[count] * values.std(ddof=1) / np.sqrt(count))
    return {"column": name, "mean": float(values.mean()), "interval": interval}
