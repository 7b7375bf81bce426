"""Every metric as a function of row weights: with all weights one it is the score, with drawn weights the bootstrap."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from trainer.contract import Task
from trainer.interval import possible
from trainer.metrics import ONE_AGAINST_REST, metrics_of
from trainer.output import Output

#: More draws make the interval steadier by its third digit only; more rows make a draw slower, not truer.
_DRAWS = 200
_ROWS = 10_000
_MANY_LABELS = 10
_TINY = 1e-15
#: One sort of all rows for each class: more of both would take longer than the figure is worth.
_CHEAP = 20_000_000


@dataclass(frozen=True)
class Difference:
    """How much better one is than another on the same rows, with its 95 % interval; above nothing is better."""

    value: float
    low: float
    high: float


class Scorer:
    """Scores models on the same rows, so the draws of the bootstrap are made once and shared by all of them."""

    def __init__(self, task: Task, truth: np.ndarray, positive: int = 1, seed: int = 0) -> None:
        self.task = task
        self.truth = truth
        self._positive = positive
        self._random = np.random.default_rng(seed)
        self._rows: np.ndarray | None = None
        self._weights: np.ndarray | None = None

    def score(self, output: Output) -> float:
        return self._of(self.task.metric.name, self.truth, output, np.ones((1, len(self.truth))))[0].item()

    def scores(self, output: Output) -> dict[str, float]:
        ones = np.ones((1, len(self.truth)))
        found = {m.name: self._of(m.name, self.truth, output, ones)[0].item() for m in metrics_of(self.task.kind)}
        shares = output.probabilities
        if self.task.kind == "multiclass" and shares is not None and shares.size <= _CHEAP:
            found[ONE_AGAINST_REST.name] = _one_against_rest(self.truth, shares)
        return found

    def interval(self, output: Output, told: float | None = None) -> tuple[float, float] | None:
        """The ends of the 95 % interval; `told`: the score, where it is another than that of all rows together."""
        drawn = self._drawn(output)
        if drawn is None or np.isfinite(drawn).sum() < _DRAWS // 2:
            return None
        score = self.score(output)
        value = score if told is None else told
        if not np.isfinite(value):
            return None
        # The ends of the draws themselves, unless these are of a part of the rows only: then as far from the score.
        around = np.percentile(drawn[np.isfinite(drawn)], [2.5, 97.5]) - self._middle(output, score)
        low, high = value + around * self._narrowed()
        low, high = possible(float(low), float(high), metric=self.task.metric.name)
        return min(low, value), max(high, value)

    def _middle(self, output: Output, score: float) -> float:
        """The score of the rows which were drawn from."""
        assert self._rows is not None
        if len(self._rows) == len(self.truth):
            return score
        truth, ones = self.truth[self._rows], np.ones((1, len(self._rows)))
        return self._of(self.task.metric.name, truth, output.take(self._rows), ones)[0].item()

    def difference(self, output: Output, other: Output) -> Difference | None:
        """Both on the same draws: what makes some rows hard for everyone does not count as chance."""
        one, two = self._drawn(output), self._drawn(other)
        if one is None or two is None:
            return None
        sign = 1 if self.task.metric.higher_is_better else -1
        drawn = sign * (one - two)
        drawn = drawn[np.isfinite(drawn)]
        value = sign * (self.score(output) - self.score(other))
        if len(drawn) < _DRAWS // 2 or not np.isfinite(value):
            return None
        # Around the draws' own middle, which with many rows is that of a part of them.
        low, high = (np.percentile(drawn, [2.5, 97.5]) - np.median(drawn)) * self._narrowed()
        return Difference(value, float(value + low), float(value + high))

    def _narrowed(self) -> float:
        """The interval of all rows from that of the rows which were drawn from."""
        assert self._rows is not None
        return float(np.sqrt(len(self._rows) / len(self.truth)))

    def _drawn(self, output: Output) -> np.ndarray | None:
        count = len(self.truth)
        if count < 2:
            return None
        if self._weights is None or self._rows is None:
            labels = 1 if self.truth.ndim == 1 else self.truth.shape[1]
            # Each label is sorted by itself: of many of them fewer rows are drawn from.
            used = min(count, _ROWS if labels <= _MANY_LABELS else _ROWS * _MANY_LABELS // labels)
            self._rows = np.sort(self._random.choice(count, used, replace=False)) if used < count else np.arange(count)
            self._weights = self._random.poisson(1.0, size=(_DRAWS, used)).astype("float64")
        return self._of(self.task.metric.name, self.truth[self._rows], output.take(self._rows), self._weights)

    def _of(self, metric: str, truth: np.ndarray, output: Output, weights: np.ndarray) -> np.ndarray:
        with np.errstate(divide="ignore", invalid="ignore"):
            if self.task.kind == "regression":
                return _regression(metric, truth, output.values, weights)
            if self.task.kind == "multilabel":
                return _of_labels(metric, truth, output, weights)
            if metric in ("roc_auc", "log_loss"):
                assert output.probabilities is not None
                if metric == "roc_auc":
                    return _roc_auc(truth == self._positive, output.probabilities[:, self._positive], weights)
                return _log_loss(truth, output.probabilities, weights)
            return self._decided(metric, truth, output.values, weights)

    def _decided(self, metric: str, truth: np.ndarray, values: np.ndarray, weights: np.ndarray) -> np.ndarray:
        classes = int(max(truth.max(initial=0), values.max(initial=0))) + 1
        cells = truth.astype("int64") * classes + values.astype("int64")
        out = np.empty(len(weights))
        for draw, row in enumerate(weights):
            matrix = np.bincount(cells, weights=row, minlength=classes * classes).reshape(classes, classes)
            out[draw] = _of_confusion(metric, matrix, self._positive)
        return out


def _of_confusion(metric: str, matrix: np.ndarray, positive: int) -> float:
    right, there, said = np.diag(matrix), matrix.sum(axis=1), matrix.sum(axis=0)
    if metric == "accuracy":
        return float(right.sum() / matrix.sum())
    if metric == "balanced_accuracy":
        return float(np.mean((right / there)[there > 0]))
    f1 = np.divide(2 * right, there + said, out=np.zeros(len(right)), where=(there + said) > 0)
    if metric == "f1":
        return float(f1[positive]) if positive < len(f1) else 0.0
    return float(np.mean(f1[(there + said) > 0]))


def _regression(metric: str, truth: np.ndarray, values: np.ndarray, weights: np.ndarray) -> np.ndarray:
    whole = weights.sum(axis=1)
    if metric == "mae":
        return weights @ np.abs(truth - values) / whole
    squared = weights @ (truth - values) ** 2 / whole
    if metric == "mse":
        return squared
    if metric == "rmse":
        return np.sqrt(squared)
    centred = truth - truth.mean()
    mean = weights @ centred / whole
    return 1 - squared / (weights @ centred**2 / whole - mean**2)


def _log_loss(truth: np.ndarray, probabilities: np.ndarray, weights: np.ndarray) -> np.ndarray:
    sums = np.clip(probabilities.sum(axis=1), _TINY, None)
    given = probabilities[np.arange(len(truth)), truth.astype("int64")] / sums
    return weights @ -np.log(np.clip(given, _TINY, 1.0)) / weights.sum(axis=1)


def _roc_auc(positive: np.ndarray, score: np.ndarray, weights: np.ndarray) -> np.ndarray:
    order = np.argsort(score, kind="stable")
    score, positive, weights = score[order], positive[order], weights[:, order]
    starts = np.flatnonzero(np.r_[True, score[1:] != score[:-1]])  # equal scores count half for each other
    ups = np.add.reduceat(weights * positive, starts, axis=1)
    downs = np.add.reduceat(weights * ~positive, starts, axis=1)
    below = np.cumsum(downs, axis=1) - downs
    return (ups * (below + downs / 2)).sum(axis=1) / (ups.sum(axis=1) * downs.sum(axis=1))


def _of_labels(metric: str, truth: np.ndarray, output: Output, weights: np.ndarray) -> np.ndarray:
    """The mean over the labels; one that is in every row or in none has no AUC."""
    assert output.probabilities is not None
    if metric == "subset_accuracy":
        return weights @ (truth == output.values).all(axis=1) / weights.sum(axis=1)
    if metric == "log_loss_mean":
        given = np.where(truth == 1, output.probabilities, 1 - output.probabilities)
        return weights @ -np.log(np.clip(given, _TINY, 1.0)).mean(axis=1) / weights.sum(axis=1)
    found = np.stack(
        [_roc_auc(yes == 1, said, weights) for yes, said in zip(truth.T, output.probabilities.T, strict=True)]
    )
    known = np.isfinite(found)
    return np.where(known, found, 0.0).sum(axis=0) / known.sum(axis=0)


def auc_of(yes: np.ndarray, said: np.ndarray) -> float:
    """Of one label; no number where it is in every row or in none."""
    with np.errstate(divide="ignore", invalid="ignore"):
        return float(_roc_auc(yes, said, np.ones((1, len(yes))))[0])


def _one_against_rest(truth: np.ndarray, probabilities: np.ndarray) -> float:
    """The average over the classes; one that is in every row or in none has no AUC."""
    ones = np.ones((1, len(truth)))
    with np.errstate(divide="ignore", invalid="ignore"):
        found = [_roc_auc(truth == code, shares, ones)[0] for code, shares in enumerate(probabilities.T)]
    known = [value for value in found if np.isfinite(value)]
    return float(np.mean(known)) if known else float("nan")
