"""What a recipe did to the data before this training, as Trainyard left it beside the rows."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from trainer.failures import TrainerFailure

#: The fold of each row: −1 is held out, the others count from 0.
FOLD_COLUMN = "__ty_fold"
RECIPE, PREPARATION, GOLDEN_ROWS = "recipe.json", "preparation.json", "golden.parquet"


@dataclass(frozen=True)
class Preparation:
    #: The fitted recipe, the tables that it looks things up in, and some rows as they came.
    folder: Path
    recipe: dict[str, Any]
    told: dict[str, Any]

    @property
    def text(self) -> str:
        return (self.folder / RECIPE).read_text("utf-8")

    @property
    def lookups(self) -> list[Path]:
        return [self.folder / lookup["file"] for lookup in self.recipe["lookups"]]

    @property
    def cross_fitted(self) -> list[str]:
        """“step 3 (Encode “city” by the mean of “price”)”, for each step that learned from the label, fold by fold."""
        ids = set(self.told["crossFitted"])
        return [f"step {step['place']} ({step['sentence']})" for step in self.told["steps"] if step["id"] in ids]

    @property
    def learned_from_all_rows(self) -> list[str]:
        return [
            f"step {step['place']} ({step['sentence']})" for step in self.told["steps"] if step["learnedFromAllRows"]
        ]

    def report(self) -> dict[str, Any]:
        steps = [
            {name: step.get(name) for name in ("place", "sentence", "learned", "rowsIn", "rowsOut", "leftOut")}
            | {"learnedFromAllRows": step["learnedFromAllRows"]}
            for step in self.told["steps"]
        ]
        return {**self.told["recipe"], "rowsIn": self.told["rowsIn"], "rowsOut": self.told["rowsOut"], "steps": steps}


def read_preparation(folder: Path | None) -> Preparation | None:
    if folder is None:
        return None
    try:
        recipe = json.loads((folder / RECIPE).read_text("utf-8"))
        told = json.loads((folder / PREPARATION).read_text("utf-8"))
    except (OSError, ValueError) as error:
        raise TrainerFailure("BadSpec", f"The recipe of this job cannot be read: {error}.") from error
    return Preparation(folder, recipe, told)
