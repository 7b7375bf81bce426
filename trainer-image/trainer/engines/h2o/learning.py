"""How the winner got better, by what H2O wrote down while it grew. Imports nothing of H2O."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from trainer.report.learning import evenly

#: What H2O counts by, and what it is called here.
_STEPS = {"number_of_trees": "tree", "epochs": "epoch", "iterations": "step", "iteration": "step"}
_LOGLOSS = ("Log loss", {"training_logloss": "train_loss", "validation_logloss": "validation_loss"})
_DEVIANCE = ("Deviance", {"training_deviance": "train_loss", "validation_deviance": "validation_loss"})
_RMSE = ("RMSE", {"training_rmse": "train_loss", "validation_rmse": "validation_loss"})
#: What a linear model writes down, with a search for how much it is held back and without one.
_LINEAR = (
    ("Deviance", {"deviance_train": "train_loss", "deviance_test": "validation_loss", "deviance_xval": "folds_loss"}),
    ("What it made smaller", {"objective": "train_loss"}),
)


def learning_of(name: str, history: pd.DataFrame | None, *, classes: bool) -> dict[str, Any] | str:
    none = f"H2O tells no curve of {name}: it was not learned step by step."
    if history is None or len(history) < 2:
        return none
    # A linear model that searched has two columns of such a name, one of them empty.
    numbered = {name: pd.to_numeric(history[name], errors="coerce") for name in _STEPS if name in history.columns}
    steps = next((name for name, numbers in numbered.items() if numbers.notna().sum() >= 2), None)
    if steps is None:
        return none
    # A network is scored once more when it goes back to its best.
    rows = history[numbered[steps].notna()].drop_duplicates(steps, keep="last")
    for title, names in (*((_LOGLOSS,) if classes else (_DEVIANCE, _RMSE)), *_LINEAR):
        columns = {said: _numbers(rows[column]) for column, said in names.items() if column in rows.columns}
        found = {said: values for said, values in columns.items() if any(value is not None for value in values)}
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
            "about": f"{title} of {name} as H2O counted it"
            + (", on the rows that it learned from." if len(found) == 1 else "."),
        }
    return none


def _numbers(column: pd.Series) -> list[float | None]:
    values = pd.to_numeric(column, errors="coerce").to_numpy(dtype="float64")
    return [float(value) if np.isfinite(value) else None for value in values]
