"""Which rows AutoGluon validates on: its own choice, or the folds by which a recipe was fitted."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from trainer.fitting import Order
from trainer.preparation import FOLD_COLUMN
from trainer.split import given_folds

#: Of the frame that AutoGluon sees.
WEIGHT_COLUMN = "__ty_weight"


@dataclass(frozen=True)
class Rows:
    train: pd.DataFrame
    #: To validate on, where no folds are fitted.
    tuning: pd.DataFrame | None = None
    #: The column of `train` that says which fold a row is in.
    groups: str | None = None
    folds: int = 0


def divided(order: Order) -> Rows:
    asked = order.spec.split.folds
    frame = order.frame.assign(**{order.spec.task.label: order.values})
    if order.weights is not None:
        frame = frame.assign(**{WEIGHT_COLUMN: order.weights})
    if order.folds is None:
        return Rows(frame, folds=asked if asked > 1 else 0)
    if order.ordered:
        # AutoGluon's folds learn from what came later, too; the latest part judges what came before it.
        *_, (train, judged) = given_folds(order.values, order.folds, order.spec.task.is_classes, ordered=True)
        return Rows(frame.iloc[train], tuning=frame.iloc[judged])
    wants_folds = asked > 1 or order.settings["preset"] != "medium"
    if wants_folds and order.spec.split.group is not None and (lonely := _in_one_fold(order, order.folds)):
        order.warn(
            f"Validated by one part of the rows in place of folds: “{order.labels.class_names[lonely[0]]}” is in one of them "
            "only, and the groups in it stay together, so AutoGluon could not learn it while that part judges."
        )
        wants_folds = False
    if wants_folds:
        given = _spread(order, order.folds)
        return Rows(frame.assign(**{FOLD_COLUMN: given}), groups=FOLD_COLUMN, folds=len(np.unique(given)))
    is_cross_fitted = order.preparation is not None and bool(order.preparation.cross_fitted)
    if order.spec.split.group is None and not is_cross_fitted:
        return Rows(frame)
    # By one split: rows of other folds know nothing of the labels of the first one but what they learned with them.
    (train, judged), *_ = given_folds(order.values, order.folds, order.spec.task.is_classes)
    return Rows(frame.iloc[train], tuning=frame.iloc[judged])


def _in_one_fold(order: Order, given: np.ndarray) -> list[int]:
    codes = np.unique(order.values) if order.spec.task.is_classes else []
    return [int(code) for code in codes if len(np.unique(given[order.values == code])) == 1]


def _spread(order: Order, given: np.ndarray) -> np.ndarray:
    """A class that is in one fold only could not be learned without it: half of its rows go to the next one.

    Only where chance has divided the rows: of a group all rows stay where they are.
    """
    folds = given.copy()
    names = np.unique(given)
    for code in _in_one_fold(order, given):
        rows = np.flatnonzero(order.values == code)
        place = int(np.flatnonzero(names == given[rows[0]])[0])
        folds[rows[1::2]] = names[(place + 1) % len(names)]
    return folds
