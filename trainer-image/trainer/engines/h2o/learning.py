"""How the winner got better, by what H2O wrote down while it grew. Imports nothing of H2O."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from trainer.report.learning import evenly

#: What H2O counts by, and what it is called here.
_STEPS = {"number_of_trees": "tree", "epochs": "epoch", "iterations": "step", "iteration": "step"}
_LOSSES = {True: ("logloss",), False: ("deviance", "rmse")}
_OF = {"training": "train_loss", "validation": "validation_loss"}
_TITLES = {"logloss": "Log loss", "deviance": "Deviance", "rmse": "RMSE", "objective": "What it made smaller"}


def learning_of(name: str, history: pd.DataFrame | None, *, classes: bool) -> dict[str, Any] | str:
    none = f"H2O tells no curve of {name}: it was not learned step by step."
    if history is None or len(history) < 2:
        return none
    steps = next((column for column in _STEPS if column in history.columns), None)
    if steps is None:
        return none
    # A network is scored once more when it goes back to its best.
    rows = history[pd.to_numeric(history[steps], errors="coerce").notna()].drop_duplicates(steps, keep="last")
    for loss in (*_LOSSES[classes], "objective"):
        names = {f"{part}_{loss}": said for part, said in _OF.items()} if loss != "objective" else {loss: "train_loss"}
        found = {said: _numbers(rows[column]) for column, said in names.items() if column in rows.columns}
        # Before its first tree there is nothing to be wrong with, and H2O leaves it empty.
        known = [number for number in range(len(rows)) if any(values[number] is not None for values in found.values())]
        if len(known) < 2:
            continue
        known = [known[place] for place in evenly(len(known))]
        at = _numbers(rows[steps])
        return {
            "unit": _STEPS[steps],
            "at": [at[number] for number in known],
            "series": [{"name": said, "values": [values[n] for n in known]} for said, values in found.items()],
            "about": f"{_TITLES[loss]} of {name} as H2O counted it"
            + (", on the rows that it learned from." if len(found) == 1 else "."),
        }
    return none


def _numbers(column: pd.Series) -> list[float | None]:
    values = pd.to_numeric(column, errors="coerce").to_numpy(dtype="float64")
    return [float(value) if np.isfinite(value) else None for value in values]
