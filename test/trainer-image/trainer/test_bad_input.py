"""What a person gets for data or settings that cannot work: exit code 65 and a sentence that says what to do."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
import pytest
from tables import iris
from trainer_bench import Run, Yard

Here = Callable[[Yard], Run]


def table(rows: int = 40, **columns: Any) -> pd.DataFrame:
    return pd.DataFrame({"x": np.arange(rows) % 7, "z": np.arange(rows) % 5, **columns})


HALVES = ["a", "b"] * 20

CASES: dict[str, tuple[pd.DataFrame, str, str, dict[str, Any], str, str]] = {
    "label empty everywhere": (
        table(y=pd.array([None] * 40, dtype="string")), "y", "binary", {}, "BadLabel", "“y” is empty in every row",
    ),
    "label the same everywhere": (table(y=["a"] * 40), "y", "binary", {}, "BadLabel", "the same value, “a”, in every row"),
    "number the same everywhere": (table(y=[2.5] * 40), "y", "regression", {}, "BadLabel", "the same value, 2.5, in every row"),
    "label different in every row": (
        table(y=[f"p{i}" for i in range(40)]), "y", "multiclass", {}, "BadLabel", "Every one of the 40 values of “y” is different",
    ),
    "a class with one row": (
        table(y=[*HALVES[:39], "lonely"]), "y", "multiclass", {}, "BadLabel", "only one row has the value “lonely”",
    ),
    "three classes where two are asked for": (
        table(y=(["a", "b", "c"] * 14)[:40]), "y", "binary", {}, "BadLabel", "has 3 different values (“a”, “b”, “c”)",
    ),
    "words where a number is asked for": (
        table(y=[*map(str, range(39)), "many"]), "y", "regression", {}, "BadLabel", "found “many” of type VARCHAR",
    ),
    "yes or no where a number is asked for": (
        table(y=[True, False] * 20), "y", "regression", {}, "BadLabel", "not a number everywhere: found “True”",
    ),
    "an infinite number": (table(y=[*range(39), np.inf]), "y", "regression", {}, "BadLabel", "infinite number"),
    "more folds than rows": (
        table(12, y=["a", "b"] * 6), "y", "binary", {"split": {"folds": 20}}, "BadSettings", "20 folds need at least as many rows",
    ),
    "too few rows": (table(4, y=["a", "a", "b", "b"]), "y", "binary", {}, "BadData", "Only 4 rows have a value in “y”"),
    "nothing that varies": (
        pd.DataFrame({"x": [1] * 40, "w": [None] * 40, "y": HALVES}), "y", "binary", {}, "BadData", "“x”, “w” say the same in every row",
    ),
    "an unknown setting": (table(y=HALVES), "y", "binary", {"settings": {"speed": 1}}, "BadSettings", "has no setting “speed”"),
    "images where a table is learned from": (
        table(y=HALVES, image=[b"\x89PNG"] * 40), "y", "binary", {}, "BadSettings", "“image” holds images or other bytes",
    ),
    "a metric of another task": (
        table(y=HALVES), "y", "binary", {"metric": "rmse"}, "BadSettings", "The metric “rmse” does not fit",
    ),
}  # fmt: skip


@pytest.mark.parametrize("case", CASES)
def test_says_what_was_found_and_what_to_do(case: str, yard: Yard, here: Here):
    frame, label, kind, changes, type, said = CASES[case]
    run = here(yard.ask(frame, label, kind, **changes))
    assert run.code == 65
    assert run.failure["type"] == type
    assert said in run.failure["message"]
    assert run.events[-1]["type"] == "failed" and run.events[-1]["exitCode"] == 65
    assert not any(run.out.iterdir())


def test_a_label_that_is_not_in_the_data(yard: Yard, here: Here):
    yard.ask(iris(), "species", "multiclass")
    yard.spec["task"]["labels"] = ["spices"]
    run = here(yard)
    assert run.code == 65
    assert run.failure["type"] == "BadLabel"
    assert "“spices”, is not in the data. It has: sepal length (cm)" in run.failure["message"]


def test_a_column_of_the_spec_that_the_file_lacks(yard: Yard, here: Here):
    yard.ask(iris(), "species", "multiclass")
    yard.spec["columns"].append({"name": "colour", "sqlType": "VARCHAR", "role": "feature"})
    run = here(yard)
    assert run.failure["type"] == "BadData" and "needs the column “colour”" in run.failure["message"]


def test_of_many_columns_that_are_missing_the_first_are_named_and_the_rest_counted(yard: Yard, here: Here):
    wide = table(y=HALVES).assign(**{f"w{n}": range(40) for n in range(30)})
    yard.ask(wide, "y", "binary")
    yard.spec["columns"] += [{"name": f"gone{n}", "sqlType": "DOUBLE", "role": "feature"} for n in range(1200)]
    said = here(yard).failure["message"]
    missing = "“gone0”, “gone1”, “gone2”, “gone3”, “gone4” and 1,195 more, which are not in this data."
    assert said.startswith(f"The job needs the columns {missing} Found: x, z, y, w0, ")
    assert said.endswith(", w16 and 13 more. Add them, or choose data that has them.")


def test_all_columns_ignored(yard: Yard, here: Here):
    yard.ask(iris(), "species", "multiclass")
    for column in yard.spec["columns"]:
        column["role"] = "label" if column["name"] == "species" else "ignored"
    run = here(yard)
    assert run.code == 65 and "No column is left to learn from" in run.failure["message"]


def test_two_labels_for_a_table_engine(yard: Yard, here: Here):
    yard.ask(iris(), "species", "multiclass")
    yard.spec["task"]["labels"] = ["species", "petal width (cm)"]
    run = here(yard)
    assert run.failure["type"] == "BadLabel" and "exactly one column; 2 were chosen" in run.failure["message"]


def test_a_positive_class_that_is_no_value_of_the_label(yard: Yard, here: Here):
    yard.ask(table(y=HALVES), "y", "binary")
    yard.spec["task"]["positiveClass"] = "c"
    run = here(yard)
    assert run.failure["type"] == "BadLabel" and "“c” is not a value of “y”. It has: “a”, “b”" in run.failure["message"]


def test_too_little_memory_is_the_platforms_matter(yard: Yard, here: Here, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("trainer.reading.available_memory", lambda: 1000)
    run = here(yard.ask(iris(), "species", "multiclass"))
    assert run.code == 75
    assert run.failure["type"] == "OutOfMemory" and "150 rows × 4 columns" in run.failure["message"]


def test_a_bug_is_called_a_bug(
    yard: Yard,
    here: Here,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
):
    def broken(*_: object) -> None:
        raise ZeroDivisionError("no reason")

    monkeypatch.setattr("trainer.inputs.holdout", broken)
    run = here(yard.ask(iris(), "species", "multiclass"))
    assert run.code == 70
    assert run.failure["type"] == "TrainerBug" and "ZeroDivisionError: no reason" in run.failure["message"]
    assert "Traceback" in capsys.readouterr().err


def test_a_file_that_is_not_parquet(yard: Yard, here: Here):
    yard.ask(iris(), "species", "multiclass")
    (yard.work / "input" / "data.parquet").write_text("a,b\n1,2\n")
    run = here(yard)
    assert run.code == 65 and run.failure["type"] == "BadData"


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"kind": "predict"}', '{"kind": "train"}', "{"])
def test_a_spec_that_is_none(yard: Yard, text: str):
    (yard.work / "spec.json").write_text(text)
    run = yard.run("train", "spec.json", "out", None)
    assert run.code == 65
    assert run.failure["type"] == "BadSpec"
    assert not any(yard.work.glob("*.scratch"))


def test_rows_without_a_label_are_left_out_and_said(yard: Yard, here: Here):
    frame = iris()
    frame.loc[:9, "species"] = None
    run = here(yard.ask(frame, "species", "multiclass", settings={"algorithm": "linear"}))
    assert run.code == 0
    assert sum(run.report["rows"][part] for part in ("train", "test")) == 140
    assert "10 rows were left out, because “species” is empty there." in run.report["warnings"]
    assert json.loads((run.out / "report.json").read_text())["why"] == "completed"


def test_what_would_take_hours_is_refused(yard: Yard, here: Here):
    rows = 63_000
    frame = pd.DataFrame({"x": np.arange(rows) % 17, "y": np.where(np.arange(rows) % 2, "a", "b")})
    run = here(yard.ask(frame, "y", "binary", settings={"algorithm": "svm"}))
    assert run.code == 65 and "would take hours on 50400 rows" in run.failure["message"]
