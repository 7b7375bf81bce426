"""How the winner got better from round to round, where scikit-learn lets one see it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from trainer.report.learning import evenly

#: A curve is as true with so many rows as with all, and each round looks at every one of them.
_MOST_ROWS = 2000
_TINY = 1e-15


@dataclass(frozen=True)
class FittedPart:
    """A fit on some of the training rows, and those that it was judged by."""

    pipeline: Any
    fit_rows: np.ndarray
    judged_rows: np.ndarray


def is_staged(algorithm: str) -> bool:
    return algorithm == "hist_gradient_boosting"


def learned_by_round(
    part: FittedPart, ready: pd.DataFrame, values: np.ndarray, *, classes: bool, seed: int
) -> dict[str, Any]:
    """The loss after each round, on rows that were learned from and on rows that were not."""
    rounds = int(part.pipeline.named_steps["estimator"].n_iter_)
    at = evenly(rounds)
    random = np.random.default_rng(seed)
    series: list[dict[str, Any]] = []
    for name, rows in (("train_loss", part.fit_rows), ("validation_loss", part.judged_rows)):
        if len(rows) > _MOST_ROWS:
            rows = np.sort(random.choice(rows, _MOST_ROWS, replace=False))
        losses = list(_losses(part.pipeline, ready.iloc[rows], values[rows], set(at.tolist()), classes=classes))
        series.append({"name": name, "values": losses})
    what = "Log loss" if classes else "Mean squared error"
    return {
        "unit": "round",
        "at": (at + 1.0).tolist(),
        "series": series,
        "about": f"{what} of its fit on one part of the training rows, on these and on those it was judged by.",
    }


def _losses(
    pipeline: Any, ready: pd.DataFrame, truth: np.ndarray, wanted: set[int], *, classes: bool
) -> Iterator[float]:
    estimator = pipeline.named_steps["estimator"]
    columns = pipeline.named_steps["columns"].transform(ready)
    if not classes:
        for number, said in enumerate(estimator.staged_predict(columns)):
            if number in wanted:
                yield float(np.mean((said - truth) ** 2))
        return
    # A class that this part never saw has no column: what is said of it is nothing.
    place = np.searchsorted(estimator.classes_, truth)
    known = (place < len(estimator.classes_)) & np.isin(truth, estimator.classes_)
    place = np.where(known, place, 0)
    for number, shares in enumerate(estimator.staged_predict_proba(columns)):
        if number in wanted:
            given = np.where(known, shares[np.arange(len(truth)), place], 0.0)
            yield float(-np.log(np.clip(given, _TINY, 1.0)).mean())


def learned_by_epoch(pipeline: Any, *, classes: bool) -> dict[str, Any] | None:
    """What a neural network wrote down of itself; one of its solvers writes nothing."""
    estimator = pipeline.named_steps["estimator"]
    network = getattr(estimator, "regressor_", estimator)
    losses = getattr(network, "loss_curve_", None)
    if not losses or len(losses) < 2:
        return None
    at = evenly(len(losses))
    series = [{"name": "train_loss", "values": [float(losses[i]) for i in at]}]
    scores = getattr(network, "validation_scores_", None) or []
    about = "The loss that it made smaller"
    if len(scores) == len(losses):
        name = "validation_accuracy" if classes else "validation_r2"
        series.append({"name": name, "values": [float(scores[i]) for i in at]})
        about += ", and its score on the tenth of the rows that it set aside to know when to stop"
    return {"unit": "epoch", "at": (at + 1.0).tolist(), "series": series, "about": f"{about}."}
