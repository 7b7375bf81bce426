"""ROC and precision by recall of each class against the rest, or of each of several labels, and their average."""

from __future__ import annotations

import time
from typing import Any

import numpy as np

from trainer.output import Output
from trainer.report.findings import curve_of, thinned
from trainer.scoring import auc_of

#: More of them nobody tells apart in a drawing; they are named with their figures.
_DRAWN, _NAMED = 12, 100
_POINTS = 80
_GRID = np.linspace(0.0, 1.0, 101)


def curves_of_classes(
    truth: np.ndarray, output: Output, names: list[str], seconds: float = np.inf
) -> dict[str, Any] | None:
    if output.probabilities is None:
        return None
    return _curves(np.equal.outer(truth, np.arange(len(names))), output.probabilities, names, "class", seconds)


def curves_of_labels(
    truth: np.ndarray, output: Output, names: list[str], seconds: float = np.inf
) -> dict[str, Any] | None:
    return None if output.probabilities is None else _curves(truth == 1, output.probabilities, names, "label", seconds)


def _curves(yes: np.ndarray, given: np.ndarray, names: list[str], of: str, seconds: float) -> dict[str, Any] | None:
    """The commonest ones are drawn, and where there is no time for all of them, they are the ones that are counted."""
    ends_at = time.monotonic() + seconds
    there = yes.sum(axis=0)
    known = [int(at) for at in np.argsort(-there, kind="stable") if 0 < there[at] < len(yes)]
    rows: list[dict[str, Any]] = []
    average: list[tuple[np.ndarray, np.ndarray]] = []
    for at in known[:_NAMED]:
        if rows and time.monotonic() > ends_at:
            break
        roc, pr = curve_of(yes[:, at], given[:, at])
        average.append((np.interp(_GRID, roc[:, 0], roc[:, 1]), _precision_at(pr)))
        drawn = {"roc": thinned(roc, _POINTS), "pr": thinned(pr, _POINTS)} if len(rows) < _DRAWN else {}
        rows.append(
            {
                "name": names[at],
                "rows": int(there[at]),
                "rocAuc": auc_of(yes[:, at], given[:, at]),
                "averagePrecision": average_precision(pr),
                **drawn,
            }
        )
    if not rows:
        return None
    up, right = np.mean(average, axis=0)
    # From nothing found and no false alarm, as every one of them begins.
    roc = np.column_stack([np.r_[0.0, _GRID], np.r_[0.0, up]])
    macro = {
        "of": len(rows),
        "rocAuc": float(np.mean([row["rocAuc"] for row in rows])),
        "averagePrecision": float(np.mean([row["averagePrecision"] for row in rows])),
        "roc": thinned(roc, len(roc)),
        "pr": thinned(np.column_stack([_GRID, right]), len(_GRID)),
    }
    alike = [names[at] for at in range(len(names)) if not 0 < there[at] < len(yes)]
    # Among many the rows of some are in the training alone.
    return {"of": of, "macro": macro, "rows": rows, "leftOut": len(known) - len(rows), "alike": alike[:_NAMED]}


def average_precision(pr: np.ndarray) -> float:
    return float(np.sum(np.diff(pr[:, 0], prepend=0.0) * pr[:, 1]))


def _precision_at(pr: np.ndarray) -> np.ndarray:
    """How often it is right where it finds at least so many: a step, since between two thresholds there is nothing."""
    return pr[np.minimum(np.searchsorted(pr[:, 0], _GRID - 1e-12), len(pr) - 1), 1]
