"""The figures behind the plots: confusion, curves, residuals."""

from __future__ import annotations

from typing import Any

import numpy as np

from trainer.output import Output

_CURVE_POINTS = 200
_SCATTER_POINTS = 500
_BINS = 20
#: A matrix grows with the square of them; past so many nobody reads it.
_MOST_CLASSES = 50


def confusion(truth: np.ndarray, output: Output, names: list[str]) -> dict[str, Any]:
    """Rows are the truth, columns the prediction. Of too many classes the rarest are counted as one."""
    said = output.values.astype("int64")
    right = int((truth == said).sum())
    if len(names) > _MOST_CLASSES:
        common = np.sort(np.argsort(-np.bincount(truth, minlength=len(names)), kind="stable")[: _MOST_CLASSES - 1])
        place = np.full(len(names), _MOST_CLASSES - 1)
        place[common] = np.arange(len(common))
        truth, said = place[truth], place[said]
        names = [*(names[code] for code in common), f"{len(names) - len(common)} others"]
    count = len(names)
    cells = truth.astype("int64") * count + said
    matrix = np.bincount(cells, minlength=count * count).reshape(count, count)
    return {"labels": names, "matrix": matrix.tolist(), "right": right}


def curves(truth: np.ndarray, output: Output, positive: int) -> dict[str, Any] | None:
    """ROC (false positive share, true positive share) and precision by recall."""
    if output.probabilities is None:
        return None
    yes = truth == positive
    if not yes.any() or yes.all():
        return None
    roc, pr = curve_of(yes, output.probabilities[:, positive])
    return {"roc": thinned(roc), "pr": thinned(pr)}


def curve_of(yes: np.ndarray, score: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """(share of false alarms, share found) from nothing on, and (share found, share right of what is said)."""
    order = np.argsort(-score, kind="stable")
    ends = np.flatnonzero(np.r_[score[order][1:] != score[order][:-1], True])
    hits = np.cumsum(yes[order])[ends]
    said = ends + 1
    roc = np.column_stack([np.r_[0, (said - hits) / (~yes).sum()], np.r_[0, hits / yes.sum()]])
    return roc, np.column_stack([hits / yes.sum(), hits / said])


def thinned(points: np.ndarray, most: int = _CURVE_POINTS) -> list[list[float]]:
    """The ends stay; between them points evenly spread."""
    if len(points) > most:
        points = points[np.unique(np.linspace(0, len(points) - 1, most).round().astype(int))]
    return [[round(float(x), 5), round(float(y), 5)] for x, y in points]


def residuals(truth: np.ndarray, output: Output, seed: int) -> dict[str, Any]:
    """A sample of (predicted, actual), and how the differences are spread over all rows."""
    rows = np.arange(len(truth))
    if len(rows) > _SCATTER_POINTS:
        rows = np.sort(np.random.default_rng(seed).choice(rows, _SCATTER_POINTS, replace=False))
    points = [[float(p), float(a)] for p, a in zip(output.values[rows], truth[rows], strict=True)]
    counts, edges = np.histogram(truth - output.values, bins=min(_BINS, max(3, len(truth) // 5)))
    return {"points": points, "histogram": {"edges": edges.tolist(), "counts": counts.tolist()}}
