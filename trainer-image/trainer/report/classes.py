"""What is said of each class, of each threshold, and of the probabilities themselves."""

from __future__ import annotations

from typing import Any

import numpy as np

from trainer.output import Output

_MOST_CLASSES = 100
_BINS = 10
_THRESHOLDS = np.round(np.arange(0.05, 1.0, 0.05), 2)
_NORMAL = 1.96


def per_class(truth: np.ndarray, output: Output, names: list[str]) -> dict[str, Any]:
    """Precision, recall and F1 of each class, the commonest first where there are too many to list."""
    count = len(names)
    said = output.values.astype("int64")
    there, called = np.bincount(truth, minlength=count), np.bincount(said, minlength=count)
    right = np.bincount(truth[truth == said], minlength=count)
    order = range(count) if count <= _MOST_CLASSES else np.argsort(-there, kind="stable")[:_MOST_CLASSES]
    rows = [
        {
            "label": names[code],
            "precision": _share(right[code], called[code]),
            "recall": _share(right[code], there[code]),
            "f1": _share(2 * right[code], there[code] + called[code]),
            "support": int(there[code]),
            "predicted": int(called[code]),
        }
        for code in order
    ]
    return {"rows": rows, "leftOut": count - len(rows)}


def thresholds(truth: np.ndarray, output: Output, positive: int) -> list[dict[str, Any]] | None:
    """What would be said, and how right it were, if “yes” began at another probability."""
    if output.probabilities is None:
        return None
    score, yes = output.probabilities[:, positive], truth == positive
    if not yes.any() or yes.all():
        return None
    found: list[dict[str, Any]] = []
    for threshold in _THRESHOLDS:
        said = score >= threshold
        hits = int((said & yes).sum())
        found.append(
            {
                "threshold": float(threshold),
                "said": int(said.sum()),
                "precision": _share(hits, said.sum()),
                "recall": _share(hits, yes.sum()),
                "f1": _share(2 * hits, said.sum() + yes.sum()),
                "accuracy": float((said == yes).mean()),
            }
        )
    return found


def calibration(truth: np.ndarray, output: Output, positive: int, names: list[str]) -> dict[str, Any] | None:
    """How often it is so when a probability is given. Of two classes the positive one, of several the one that is said."""
    if output.probabilities is None or len(truth) == 0:
        return None
    sums = np.clip(output.probabilities.sum(axis=1, keepdims=True), 1e-15, None)
    shares = output.probabilities / sums
    if len(names) == 2:
        given, is_so = shares[:, positive], truth == positive
        brier = float(np.mean((given - is_so) ** 2))
    else:
        best = shares.argmax(axis=1)
        given, is_so = shares[np.arange(len(truth)), best], truth == best
        brier = float(np.mean(((shares - np.eye(shares.shape[1])[truth]) ** 2).sum(axis=1)))
    of = names[positive] if len(names) == 2 else None
    return {"of": of, **_reliability(given, is_so), "brier": brier}


def calibration_of_labels(truth: np.ndarray, output: Output) -> dict[str, Any] | None:
    """Every label of every row is one question with a yes or a no; all of them together."""
    if output.probabilities is None or truth.size == 0:
        return None
    given, is_so = output.probabilities.ravel(), truth.ravel() == 1
    return {"of": "yes", **_reliability(given, is_so), "brier": float(np.mean((given - is_so) ** 2))}


def _reliability(given: np.ndarray, is_so: np.ndarray) -> dict[str, Any]:
    place = np.clip((given * _BINS).astype("int64"), 0, _BINS - 1)
    bins: list[dict[str, Any]] = []
    off = 0.0
    for number in range(_BINS):
        rows = place == number
        count = int(rows.sum())
        if not count:
            continue
        mean, share = float(given[rows].mean()), float(is_so[rows].mean())
        off += abs(mean - share) * count / len(given)
        low, high = _wilson(share, count)
        bins.append({"from": number / _BINS, "to": (number + 1) / _BINS, "count": count, "mean": mean, "share": share,
                     "low": low, "high": high})  # fmt: skip
    return {"bins": bins, "expectedError": off}


def _wilson(share: float, count: int) -> tuple[float, float]:
    """The 95 % interval of a share; unlike the normal one it holds for a handful of rows, too."""
    square = _NORMAL**2 / count
    middle = (share + square / 2) / (1 + square)
    half = _NORMAL * np.sqrt(share * (1 - share) / count + square / (4 * count)) / (1 + square)
    return min(share, max(0.0, float(middle - half))), max(share, min(1.0, float(middle + half)))


def _share(part: float, whole: float) -> float | None:
    return float(part / whole) if whole else None
