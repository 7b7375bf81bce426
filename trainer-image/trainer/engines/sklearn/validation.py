"""How one candidate is judged on the training rows: by folds when they are few, by one split when they are many."""

from __future__ import annotations

import time
import warnings
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from sklearn.compose import TransformedTargetRegressor
from sklearn.preprocessing import StandardScaler

from trainer.engines.sklearn.candidates import Candidate, make_estimator
from trainer.engines.sklearn.learning import FittedPart, is_staged
from trainer.engines.sklearn.pipeline import make_pipeline
from trainer.engines.sklearn.portable import predict
from trainer.fitting import Order
from trainer.interval import Interval
from trainer.output import Output
from trainer.split import folds, given_folds, holdout

#: Folds cost their number in fits; with this many rows one split of a fifth is judged as surely.
_MOST_ROWS_FOR_FOLDS = 20_000
_FOLDS = 5
_VALIDATION_SHARE = 0.2


@dataclass
class Judged:
    pipeline: Any
    scores: dict[str, float]
    interval: Interval | None
    fit_seconds: float
    predict_ms_per_1000: float
    #: Of what learns by rounds: to be asked later how.
    part: FittedPart | None = None


class Validation:
    def __init__(self, order: Order, plan: list[dict[str, Any]], ready: pd.DataFrame) -> None:
        self._order = order
        self._plan = plan
        self._ready = ready
        self._classes = None if order.labels.classes is None else len(order.labels.classes)
        asked = order.spec.split.folds
        rows = len(ready)
        by_folds = asked > 1 or (asked == 0 and rows <= _MOST_ROWS_FOR_FOLDS)
        count = (asked or min(_FOLDS, rows)) if by_folds else 1
        is_classes = self._classes is not None
        if order.folds is not None:
            given = given_folds(order.values, order.folds, is_classes, order.ordered)
            # By one part: the last, which is the latest where they are in order.
            self._parts = given if by_folds else given[-1:]
            count = len(self._parts)
        elif by_folds:
            self._parts = list(folds(order.values, count, order.seed, is_classes))
        else:
            self._parts = [holdout(order.values, _VALIDATION_SHARE, order.seed + 1, is_classes)]
        self.whole_first = by_folds
        judged = np.concatenate([part for _, part in self._parts])
        self._judged = np.sort(judged)
        self._scorer = order.scorer(order.values[self._judged])
        fitted = rows if by_folds else len(self._parts[0][0])
        self.rows = {"train": fitted, "validation": len(judged)}
        self.parts = len(self._parts)
        self.words = f"{count}-fold validation" if by_folds else "validation on one part"

    def judge(self, candidate: Candidate) -> Judged:
        """The pipeline fitted on all rows (by one split: on its larger part), and how its like did on rows unseen."""
        began = time.perf_counter()
        whole = self.fit_all(candidate) if self.whole_first else None
        whole_seconds = time.perf_counter() - began
        rows = len(self._ready)
        values = np.zeros(rows, dtype="float64" if self._classes is None else "int64")
        probabilities = None if self._classes is None else np.zeros((rows, self._classes))
        predict_seconds, part = 0.0, None
        for fit_rows, judge_rows in self._parts:
            began = time.perf_counter()
            fitted = self._fit(candidate, fit_rows)
            if whole is None:
                whole, whole_seconds = fitted, time.perf_counter() - began
            if part is None and is_staged(candidate.algorithm):
                part = FittedPart(fitted, fit_rows, judge_rows)
            began = time.perf_counter()
            part_values, part_probabilities = predict(fitted, self._ready.iloc[judge_rows], self._classes)
            predict_seconds += time.perf_counter() - began
            values[judge_rows] = part_values
            if probabilities is not None and part_probabilities is not None:
                probabilities[judge_rows] = part_probabilities
        output = Output(values, probabilities).take(self._judged)
        per_1000 = predict_seconds / len(self._judged) * 1e6
        scores, interval = self._scorer.scores(output), self._scorer.interval(output)
        return Judged(whole, scores, interval, whole_seconds, per_1000, part)

    def fit_all(self, candidate: Candidate) -> Any:
        return self._fit(candidate, np.arange(len(self._ready)))

    def _fit(self, candidate: Candidate, rows: np.ndarray) -> Any:
        values = self._order.values[rows]
        pipeline = make_pipeline(
            self._plan,
            list(self._ready.columns),
            self._estimator(candidate, values),
            kind=self._order.spec.task.kind,
            values=values,
            linear=candidate.linear,
            scaled=candidate.scaled,
            seed=self._order.seed,
        )
        with warnings.catch_warnings():
            # Convergence and rare-class warnings are for library users; the score tells the person what they mean.
            warnings.simplefilter("ignore")
            return pipeline.fit(self._ready.iloc[rows], values, **self._weighing(candidate, rows))

    def _weighing(self, candidate: Candidate, rows: np.ndarray) -> dict[str, Any]:
        if self._order.weights is None:
            return {}
        return {"estimator__sample_weight": self._order.weights[rows]}

    def _estimator(self, candidate: Candidate, values: np.ndarray) -> Any:
        rarest = len(values) if self._classes is None else int(np.unique(values, return_counts=True)[1].min())
        estimator = make_estimator(
            candidate, len(values), self._order.seed, classes=self._classes is not None, rarest=rarest
        )
        if self._classes is None and candidate.algorithm in ("svm", "mlp"):
            return TransformedTargetRegressor(estimator, transformer=StandardScaler())
        return estimator
