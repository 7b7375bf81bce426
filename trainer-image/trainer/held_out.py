"""The held-out rows one by one, as a file: which row of the data, what is true of it, and what the winner said of it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from trainer.files import written_whole
from trainer.fitting import Extra
from trainer.harmless import harmless
from trainer.output import Output
from trainer.portable.predict import named, output_names

HELD_OUT = "held-out.csv"
_ROWS_AT_ONCE = 100_000


def write_held_out(path: Path, schema: dict[str, Any], rows: np.ndarray, truth: np.ndarray, output: Output) -> None:
    """`rows` are their numbers in the data, from 1; `schema` is the input schema of the model."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with written_whole(path) as beside:
        for start in range(0, len(rows), _ROWS_AT_ONCE):
            part = slice(start, start + _ROWS_AT_ONCE)
            probabilities = None if output.probabilities is None else output.probabilities[part]
            told = pd.DataFrame({_number_name(schema): rows[part]})
            said = named(schema, output.values[part], probabilities)
            table = pd.concat([told, _true_of(schema, truth[part]), said], axis=1)
            # A number is written as it is; a text could be a formula.
            table = table.apply(
                lambda column: column if pd.api.types.is_numeric_dtype(column) else column.map(harmless)
            )
            header = [harmless(name) for name in table.columns] if start == 0 else False
            table.to_csv(beside, mode="a", index=False, header=header)


def _true_of(schema: dict[str, Any], truth: np.ndarray) -> pd.DataFrame:
    if "labels" in schema:
        columns = {
            label["name"]: [label["classes"][int(code)] for code in truth[:, at]]
            for at, label in enumerate(schema["labels"])
        }
        return pd.DataFrame(columns)
    label = schema["label"]
    classes = label["classes"]
    return pd.DataFrame({label["name"]: truth if classes is None else [classes[int(code)] for code in truth]})


def _number_name(schema: dict[str, Any]) -> str:
    labels = schema["labels"] if "labels" in schema else [schema["label"]]
    taken = {*(label["name"] for label in labels), *output_names(schema)}
    name = "row_number"
    while name in taken:
        name += "_"
    return name


def held_out_extra(path: Path, schema: dict[str, Any]) -> Extra:
    whose = "the rows that the recipe left" if schema.get("recipe") else "the dataset"
    note = (
        f"Every held-out row by its number among {whose}, counted from 1, with what is true of it and what the model said: "
        "what the report's scores are made of."
    )
    return Extra(path.name, "Predictions of the held-out rows", note)
