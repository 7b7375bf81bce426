"""A few rows whose outcome is kept with a model, so that whoever loads it can tell whether it still works as it did."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import duckdb
import pandas as pd

from trainer.output import Output
from trainer.portable.predict import golden_outcome
from trainer.preparation import GOLDEN_ROWS, Preparation
from trainer.reading import literal, quoted
from trainer.recipe import FittedRecipe


def make_golden(
    preparation: Preparation, schema: dict[str, Any], predict: Callable[[pd.DataFrame], Output]
) -> dict[str, Any]:
    """The rows as they came, what the recipe makes of them, and what the model says of that."""
    recipe = FittedRecipe(preparation.recipe, preparation.folder)
    names = [name for name, _ in recipe.input_columns]
    texts = ", ".join(f"CAST({quoted(name)} AS VARCHAR)" for name in names)
    with duckdb.connect() as connection:
        found = connection.execute(f"SELECT {texts} FROM read_parquet({literal(preparation.folder / GOLDEN_ROWS)})")
        rows = {"columns": names, "rows": [list(row) for row in found.fetchall()]}

    def said(frame: pd.DataFrame) -> tuple[Any, Any]:
        output = predict(frame)
        return output.values, output.probabilities

    return {"version": 1, "input": rows, "outcome": golden_outcome(schema, recipe, rows, said)}
