"""Which rows H2O learns from and which of them judge, and how they lie in H2O."""

from __future__ import annotations

from typing import Any

import numpy as np

from trainer.engines.h2o.cluster import Cluster
from trainer.engines.h2o.plan import enums_of
from trainer.engines.h2o.portable import ROW, prepare
from trainer.fitting import Order
from trainer.split import folds, given_folds

LABEL, FOLD, WEIGHT = "ty_label", "ty_fold", "ty_weight"
TRAINING, JUDGING = "training_rows", "judging_rows"
_FOLDS = 5


class Rows:
    """By folds every row is learned from and judged in turn; in the order of time the latest part judges the others."""

    def __init__(self, order: Order) -> None:
        self._order = order
        drawn = _sampled(order)
        self.count = len(drawn)
        self.train = self.judged = drawn
        #: Of each row to learn from; none in the order of time.
        self.fold_of: np.ndarray | None = None
        latest = _latest(order, drawn)
        if latest is None:
            self.fold_of = _folded(order, drawn)
        else:
            self.train, self.judged = latest

    @property
    def by_time(self) -> bool:
        return self.fold_of is None

    def take_in(self, cluster: Cluster, plan: dict[str, Any]) -> None:
        """Into H2O; writes into the plan which of its names is which class."""
        self._take_in(cluster, plan, self.train, TRAINING)
        if self._order.labels.classes is not None:
            plan["domain"] = [plan["tokens"].index(level) for level in cluster.levels(TRAINING, LABEL)]
        if self.by_time:
            self._take_in(cluster, plan, self.judged, JUDGING)

    def _take_in(self, cluster: Cluster, plan: dict[str, Any], rows: np.ndarray, name: str) -> None:
        order, is_classes = self._order, self._order.labels.classes is not None
        ready = prepare(order.frame.iloc[rows].reset_index(drop=True), plan["columns"])
        values = order.values[rows]
        ready[LABEL] = values
        if is_classes:
            label = np.array(plan["tokens"], dtype=object)[values]
            # A linear model breaks off where what judges it has a class that it could not learn; without one the row
            # is passed over there, and we judge by it all the same.
            label[~np.isin(values, order.values[self.train])] = None
            ready[LABEL] = label
        if self.fold_of is not None:
            ready[FOLD] = self.fold_of
        if order.weights is not None:
            ready[WEIGHT] = order.weights[rows]
        cluster.take_in(ready, enums_of(plan["columns"]) | ({LABEL} if is_classes else set()), name)

    def as_asked(self) -> dict[str, Any]:
        """What AutoML is told of them."""
        asked: dict[str, Any] = {"training_frame": TRAINING, "response_column": LABEL, "ignored_columns": [ROW]}
        if self.by_time:
            # Without a frame of its own for the leaderboard it would put some of the training rows aside.
            asked |= {"validation_frame": JUDGING, "leaderboard_frame": JUDGING}
        else:
            asked["fold_column"] = FOLD
        if self._order.weights is not None:
            asked["weights_column"] = WEIGHT
        return asked


def _sampled(order: Order) -> np.ndarray:
    """The training rows to learn from, sorted: all, or as many as were asked for, of every class alike."""
    asked, rows = order.settings["sample_rows"], len(order.frame)
    assert isinstance(asked, int)
    if not asked or asked >= rows:
        return np.arange(rows)
    random = np.random.default_rng(order.seed + 3)
    if not order.spec.task.is_classes:
        return np.sort(random.choice(rows, asked, replace=False))
    parts = [np.flatnonzero(order.values == code) for code in np.unique(order.values)]
    drawn = [random.permutation(part)[: max(2, round(asked * len(part) / rows))] for part in parts]
    return np.sort(np.concatenate(drawn))


def _latest(order: Order, rows: np.ndarray) -> tuple[np.ndarray, np.ndarray] | None:
    """Rows to learn from and those after them, where the folds follow each other in time."""
    if order.folds is None or not order.ordered:
        return None
    parts = given_folds(order.values[rows], order.folds[rows], order.spec.task.is_classes, ordered=True)
    if not parts:
        order.warn("The rows that were drawn are all of one time; they were divided by chance.")
        return None
    train, judged = parts[-1]
    return rows[train], rows[judged]


def _folded(order: Order, rows: np.ndarray) -> np.ndarray:
    """The fold of each row: those that were given, by a recipe or by a column, else as many as asked for."""
    is_classes = order.spec.task.is_classes
    if order.folds is not None and not order.ordered:
        given = order.folds[rows]
        if len(given_folds(order.values[rows], given, is_classes)) > 1:
            return given
        order.warn("The rows that were drawn are in too few of the given folds; others were made.")
    asked = order.spec.split.folds
    count = min(asked if asked > 1 else _FOLDS, len(rows))
    fold_of = np.zeros(len(rows), dtype="int64")
    for number, (_, judged) in enumerate(folds(order.values[rows], count, order.seed, is_classes)):
        fold_of[judged] = number
    return fold_of
