"""Carries fitted recipes out with the trainer's own code, and tells where it comes to other rows than Node did.

Reads the folders of the cases, one a line; each has `recipe.json` with its lookups, `rows.parquet`, and what Node made of
them in `expected.parquet`. Writes a JSON list of what differs.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

import duckdb
import pandas as pd

sys.path.insert(0, str(Path(__file__).resolve().parents[3] / "trainer-image"))

from trainer.recipe import Prepared, load_recipe


def differences(folder: Path) -> list[str]:
    recipe = load_recipe(folder)
    assert recipe is not None
    connection = duckdb.connect()
    expected = connection.execute(f"FROM read_parquet('{folder / 'expected.parquet'}')").df()
    # As a CSV file gives it: all text.
    frame = connection.execute(f"SELECT COLUMNS(*)::VARCHAR FROM read_parquet('{folder / 'rows.parquet'}')").df()
    found: list[str] = []

    def compare(what: str, prepared: Prepared, wanted: pd.DataFrame) -> None:
        left_out = [None if pd.isna(step) else recipe._reasons[step] for step in wanted["__ty_left_out"]]
        if prepared.left_out != left_out:
            found.append(f"{what}: left out {prepared.left_out}, in Node {left_out}")
        features = wanted.drop(columns=["__ty_row", "__ty_left_out"]).reset_index(drop=True)
        try:
            pd.testing.assert_frame_equal(prepared.features, features, check_exact=True, check_dtype=False)
        except AssertionError as error:
            found.append(f"{what}: {error}")

    compare("from Parquet", recipe.prepare_parquet(folder / "rows.parquet"), expected)
    compare("from text", recipe.prepare_frame(frame), expected)
    at = len(frame) // 2
    compare(f"row {at} alone", recipe.prepare_frame(frame.iloc[at : at + 1]), expected.iloc[at : at + 1])
    return found


def main() -> None:
    told: list[dict[str, object]] = []
    for line in sys.stdin.read().splitlines():
        folder = Path(line)
        try:
            found = differences(folder)
        except Exception as error:
            found = [f"{type(error).__name__}: {error}"]
        if found:
            told.append({"folder": folder.name, "differences": found})
    json.dump(told, sys.stdout)


main()
