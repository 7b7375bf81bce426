"""How well one column by itself tells the label, cross-validated: 0 is guessing, 1 is knowing.

With nothing but NumPy and pandas, so that it runs in the environment of every engine.
"""

from __future__ import annotations

import numpy as np
import pandas as pd

_FOLDS = 3
_MOST_CLASSES = 20
_FEW_VALUES = 50
_MOST_BINS = 64
_ROWS_OF_BIN = 10


class SingleColumn:
    """Made once for the label, asked for each column."""

    def __init__(self, truth: np.ndarray, classes: int | None, seed: int) -> None:
        self._classes = classes
        self._kept: np.ndarray = np.arange(len(truth))
        if classes is not None and classes > _MOST_CLASSES:
            common = np.argsort(-np.bincount(truth), kind="stable")[:_MOST_CLASSES]
            self._kept = np.flatnonzero(np.isin(truth, common))
        kept = truth[self._kept]
        # Ranks: a few huge numbers would be all that a share of variance sees.
        self._truth = pd.Series(kept).rank().to_numpy("float64") if classes is None else pd.factorize(kept)[0]
        self._fold = np.random.default_rng(seed).permutation(len(kept)) % _FOLDS

    def skill(self, column: pd.Series) -> float:
        column = column.iloc[self._kept].reset_index(drop=True)
        found = 0.0
        numbers = as_numbers(column)
        if numbers is not None:
            found = self._of(numbers, by_value=False)
        if numbers is None or column.nunique() <= _FEW_VALUES:
            found = max(found, self._of(pd.factorize(column, use_na_sentinel=False)[0], by_value=True))
        return found

    def _of(self, values: np.ndarray, by_value: bool) -> float:
        if self._classes is None:
            return self._of_number(values, by_value)
        count = int(self._truth.max()) + 1
        said = np.full(len(values), -1)
        weight = 1 / np.bincount(self._truth, minlength=count)
        votes = np.eye(count)[self._truth] * weight
        for fold in range(_FOLDS):
            learned, judged = self._fold != fold, self._fold == fold
            if by_value:
                place = values
            else:
                edges = _cuts(values[learned], votes[learned], max(3, count))
                place = np.searchsorted(np.sort(edges), values, side="left")
            cells = np.zeros((int(place.max()) + 1, count))
            np.add.at(cells, place[learned], votes[learned])
            best = np.where(cells.sum(axis=1) > 0, cells.argmax(axis=1), -1)
            said[judged] = best[place[judged]]
        recall = np.bincount(self._truth, weights=said == self._truth, minlength=count) * weight
        return float((recall.mean() - 1 / count) / (1 - 1 / count)) if count > 1 else 0.0

    def _of_number(self, values: np.ndarray, by_value: bool) -> float:
        said = np.empty(len(values))
        for fold in range(_FOLDS):
            learned, judged = self._fold != fold, self._fold == fold
            if by_value:
                place = values
            else:
                bins = int(np.clip(learned.sum() // _ROWS_OF_BIN, 2, _MOST_BINS))
                edges = np.unique(np.quantile(values[learned], np.linspace(0, 1, bins + 1)[1:-1]))
                place = np.searchsorted(edges, values, side="left")
            count = np.bincount(place[learned], minlength=int(place.max()) + 1)
            sums = np.bincount(place[learned], weights=self._truth[learned], minlength=len(count))
            means = np.where(count > 0, sums / np.maximum(count, 1), self._truth[learned].mean())
            said[judged] = means[place[judged]]
        spread = np.sum((self._truth - self._truth.mean()) ** 2)
        return 1 - float(np.sum((self._truth - said) ** 2) / spread) if spread else 0.0


def as_numbers(column: pd.Series) -> np.ndarray | None:
    """Numbers, dates and texts that are numbers; what is missing comes below all, for that alone may tell the label."""
    if pd.api.types.is_bool_dtype(column.dtype):
        return None
    if pd.api.types.is_datetime64_any_dtype(column.dtype):
        column = column.astype("int64").where(column.notna()).astype("float64")
    elif not pd.api.types.is_numeric_dtype(column.dtype):
        if not all(isinstance(value, str) for value in column.dropna().iloc[:50]):
            return None
        there = column.notna()
        # “A-00017” counts rows as well as 17 does.
        digits = column.astype("string").str.extract(r"^\D{0,12}?(-?\d+(?:\.\d+)?)$", expand=False)
        column = pd.to_numeric(digits, errors="coerce")
        if column.notna().sum() < 0.95 * there.sum() or not there.any():
            return None
    values = column.to_numpy("float64", na_value=np.nan)
    values = np.where(np.isfinite(values), values, np.nan)
    if np.isnan(values).all():
        return None
    lowest = np.nanmin(values)
    return np.where(np.isnan(values), lowest - 1 - abs(lowest), values)


def _cuts(values: np.ndarray, votes: np.ndarray, depth: int) -> list[float]:
    """Where a small tree cuts this column so that each piece is as much of one class as can be; it may peel off one by one."""
    order = np.argsort(values, kind="stable")
    return _cut(values[order], votes[order], depth, max(2, len(values) // 200))


def _cut(values: np.ndarray, votes: np.ndarray, depth: int, least: int) -> list[float]:
    ends = np.flatnonzero(values[1:] != values[:-1])
    ends = ends[(ends + 1 >= least) & (len(values) - ends - 1 >= least)]
    if depth == 0 or len(ends) == 0:
        return []
    below = votes.cumsum(axis=0)
    left, whole = below[ends], below[-1]
    right = whole - left
    purity = (left**2).sum(axis=1) / left.sum(axis=1) + (right**2).sum(axis=1) / np.maximum(right.sum(axis=1), 1e-12)
    best = int(purity.argmax())
    if purity[best] <= (whole**2).sum() / whole.sum() + 1e-12:
        return []
    at = int(ends[best]) + 1
    edge = float(values[at - 1] + values[at]) / 2
    return [edge, *_cut(values[:at], votes[:at], depth - 1, least), *_cut(values[at:], votes[at:], depth - 1, least)]
