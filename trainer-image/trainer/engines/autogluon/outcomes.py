"""What AutoGluon knows of a fitted model, in our codes: its validation predictions and its times."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from trainer.fitting import Order
from trainer.interval import Interval
from trainer.output import Output
from trainer.scoring import Scorer


@dataclass(frozen=True)
class Outcome:
    scores: dict[str, float]
    interval: Interval | None
    fit_seconds: float | None
    predict_ms_per_1000: float | None


class Outcomes:
    """Reads what the trainer has cached on disk; nothing is predicted twice, but for the tries of a search."""

    def __init__(self, order: Order) -> None:
        self._order = order
        self._scorer: Scorer | None = None
        self._rows: np.ndarray | None = None
        self.rows = {"train": 0, "validation": 0}

    def of(self, name: str, trainer: Any, cleaner: Any) -> Outcome | None:
        raw = _cached_predictions(name, trainer)
        if raw is None:
            return None
        if self._scorer is None:
            self._prepare(trainer, cleaner)
        assert self._scorer is not None
        if len(raw) != len(self._scorer.truth):
            return None
        known = ~np.isnan(raw if raw.ndim == 1 else raw[:, 0])
        if not known.all():
            return None  # a bag that was cut short has not predicted every row
        output = self._output(raw, cleaner)
        seconds = trainer.get_model_attribute_full(model=name, attribute="predict_time")
        return Outcome(
            scores=self._scorer.scores(output),
            interval=self._scorer.interval(output),
            fit_seconds=_number(trainer.get_model_attribute(name, "fit_time", default=None)),
            predict_ms_per_1000=None if seconds is None else float(seconds) / len(raw) * 1e6,
        )

    def _prepare(self, trainer: Any, cleaner: Any) -> None:
        truth = trainer.load_y() if trainer.bagged_mode else trainer.load_y_val()
        self.rows = {"train": len(trainer.load_y()), "validation": len(truth)}
        codes = cleaner.inverse_transform(pd.Series(np.asarray(truth)))
        is_classes = self._order.labels.classes is not None
        self._scorer = self._order.scorer(np.asarray(codes).astype("int64" if is_classes else "float64"))

    def _output(self, raw: np.ndarray, cleaner: Any) -> Output:
        classes = self._order.labels.classes
        if classes is None:
            return Output(np.asarray(raw, dtype="float64"))
        probabilities = np.zeros((len(raw), len(classes)))
        if raw.ndim == 1:
            positive = self._order.labels.positive
            probabilities[:, positive], probabilities[:, 1 - positive] = raw, 1 - raw
        else:
            probabilities[:, [int(code) for code in cleaner.ordered_class_labels]] = raw
        return Output.of_probabilities(probabilities)


def _cached_predictions(name: str, trainer: Any) -> np.ndarray | None:
    try:
        if not trainer.bagged_mode and trainer.get_model_attribute(name, "cached_y_pred_proba_val", default=None):
            return np.asarray(trainer._load_model_y_pred_proba_val(name))
        if not trainer.bagged_mode and trainer.get_model_attribute(name, "can_infer", default=False):
            # Of the tries of a search AutoGluon keeps no predictions.
            return np.asarray(trainer.predict_proba(trainer.load_X_val(), model=name))
        return np.asarray(trainer.get_model_oof(name))
    except (FileNotFoundError, AssertionError, KeyError):
        return None


def _number(value: Any) -> float | None:
    return None if value is None else round(float(value), 3)
