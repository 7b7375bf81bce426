"""What is said of each of several labels, and the rows that were missed most."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from trainer.few import few
from trainer.output import Output
from trainer.report.errors import picked_rows
from trainer.scoring import auc_of

_MOST_ROWS = 20
_MOST_NAMES = 5
_TINY = 1e-15


def per_label(truth: np.ndarray, output: Output, names: list[str]) -> list[dict[str, Any]]:
    """Each label by itself; “yes” is said from a probability of one half."""
    assert output.probabilities is not None
    found: list[dict[str, Any]] = []
    for at, name in enumerate(names):
        yes, said, given = truth[:, at] == 1, output.values[:, at] == 1, output.probabilities[:, at]
        hits = int((yes & said).sum())
        of_truth = np.clip(np.where(yes, given, 1 - given), _TINY, 1.0)
        found.append(
            {
                "label": name,
                "rocAuc": auc_of(yes, given) if yes.any() and not yes.all() else None,
                "logLoss": float(-np.log(of_truth).mean()),
                "precision": _share(hits, said.sum()),
                "recall": _share(hits, yes.sum()),
                "f1": _share(2 * hits, said.sum() + yes.sum()),
                "support": int(yes.sum()),
                "predicted": int(said.sum()),
            }
        )
    return found


def worst_rows(
    frame: pd.DataFrame, truth: np.ndarray, output: Output, names: list[str], columns: list[str]
) -> dict[str, Any]:
    """Rows with a label that is wrong, the one first that was surest of it."""
    assert output.probabilities is not None
    # Off by one half or more is what makes a label wrong, so the farthest is never a right one.
    size = np.abs(truth - output.probabilities).max(axis=1)
    rows = np.flatnonzero((truth != output.values).any(axis=1))
    rows = rows[np.argsort(-size[rows], kind="stable")][:_MOST_ROWS]
    told = [
        {"truth": _listed(truth[row], names), "predicted": _listed(output.values[row], names), "size": float(size[row])}
        for row in rows
    ]
    return picked_rows(frame, rows, told, columns)


def _listed(row: np.ndarray, names: list[str]) -> str:
    there = [names[at] for at in np.flatnonzero(row == 1)]
    return few(there, _MOST_NAMES) or "none"


def _share(part: float, whole: float) -> float | None:
    return float(part / whole) if whole else None
