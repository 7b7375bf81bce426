"""What one gets without any model: the yardstick that says whether a model was needed at all."""

from __future__ import annotations

import numpy as np

from trainer.contract import Task
from trainer.labels import Labels
from trainer.metrics import Metric
from trainer.output import Output
from trainer.portable.predict import class_name
from trainer.scoring import Difference


class Baseline:
    """Learns from the training labels alone."""

    def __init__(self, task: Task, labels: Labels) -> None:
        self._task = task
        self._classes = labels.classes
        self._is_several = labels.pairs is not None

    def fit(self, values: np.ndarray) -> Baseline:
        if self._is_several:
            self.shares_ = values.mean(axis=0)
            self.name_ = "Baseline: each label as often as it is"
        elif self._classes is not None:
            self.shares_ = np.bincount(values, minlength=len(self._classes)) / len(values)
            self.guess_ = float(self.shares_.argmax())
            self.name_ = f"Baseline: always “{class_name(self._classes[int(self.guess_)])}”"
        elif self._task.metric.name == "mae":
            self.guess_ = float(np.median(values))
            self.name_ = f"Baseline: always the median, {self.guess_:.4g}"
        else:
            self.guess_ = float(np.mean(values))
            self.name_ = f"Baseline: always the average, {self.guess_:.4g}"
        return self

    def predict(self, rows: int) -> Output:
        if self._is_several:
            shares = np.tile(self.shares_, (rows, 1))
            return Output((shares >= 0.5).astype("int64"), shares)
        if self._classes is None:
            return Output(np.full(rows, self.guess_))
        return Output(np.full(rows, int(self.guess_)), np.tile(self.shares_, (rows, 1)))


def verdict(metric: Metric, model: float, baseline: float, interval: float | None, gain: Difference | None) -> str:
    """One sentence for a person: was a model needed?"""
    numbers = f"{metric.title} {model:.4g} on the held-out rows, against {baseline:.4g} without a model"
    gained = (model - baseline) * (1 if metric.higher_is_better else -1)
    if gained <= 0:
        return f"It is no better than guessing: {numbers}. These columns may not tell what is asked."
    if gain.low <= 0 if gain is not None else interval is not None and gained <= interval:
        return f"It may be no better than guessing: {numbers}, and the difference is within chance."
    return f"It is better than guessing: {numbers}."
