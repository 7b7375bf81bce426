"""The held-out rows one by one: the file that the scores of the report can be made of again."""

from __future__ import annotations

import zipfile
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from tables import breast_cancer, diabetes
from trainer_bench import Run, Yard

from trainer.harmless import harmless
from trainer.held_out import write_held_out
from trainer.output import Output

Here = Callable[[Yard], Run]
FAST = {"algorithm": "tree", "max_depth": 3}


def test_the_scores_of_the_report_can_be_made_of_it_again(yard: Yard, here: Here):
    table = breast_cancer()
    table.loc[[3, 10], "diagnosis"] = None  # rows without a label are counted, too
    run = here(yard.ask(table, "diagnosis", "binary", settings=FAST, metric="accuracy"))
    assert run.code == 0, run.events
    path = run.out / "extras" / "held-out.csv"
    told = pd.read_csv(path)
    assert list(told)[:3] == ["row_number", "diagnosis", "diagnosis_predicted"]
    assert list(told)[3:] == ["diagnosis_probability_benign", "diagnosis_probability_malignant"]
    assert list(table["diagnosis"].iloc[told["row_number"] - 1]) == list(told["diagnosis"])
    right = float((told["diagnosis"] == told["diagnosis_predicted"]).mean())
    assert right == pytest.approx(run.report["best"]["test"]) and len(told) == run.report["rows"]["test"]
    (extra,) = [each for each in run.report["extras"] if each["name"] == "held-out.csv"]
    assert extra["bytes"] == path.stat().st_size and "the dataset" in extra["note"]
    with zipfile.ZipFile(run.out / "model.zip") as archive:
        assert archive.read("held-out.csv") == path.read_bytes()
        readme = archive.read("README.md").decode()
    assert "with scikit-learn." in readme and "scikit-learn</p>" in (run.out / "report.html").read_text("utf-8")
    assert "`held-out.csv`" in readme and "BIGINT" not in readme and "| mean radius | number |" in readme


def test_numbers_are_told_whole(yard: Yard, here: Here):
    run = here(yard.ask(diabetes(), "progression", "regression", settings=FAST, metric="rmse"))
    told = pd.read_csv(run.out / "extras" / "held-out.csv")
    assert list(told) == ["row_number", "progression", "progression_predicted"]
    off = told["progression"] - told["progression_predicted"]
    assert float(np.sqrt((off**2).mean())) == pytest.approx(run.report["best"]["test"], rel=1e-9)


def test_texts_run_nothing_in_a_spreadsheet(tmp_path: Path):
    classes = ["=1+1", "@SUM(A1)", "-5"]
    schema = {"label": {"name": "=y", "classes": classes}}
    write_held_out(
        tmp_path / "a.csv", schema, np.array([1, 4, 9]), np.array([0, 1, 2]), Output.of_probabilities(np.eye(3))
    )
    lines = (tmp_path / "a.csv").read_text("utf-8").splitlines()
    assert lines[0].startswith("row_number,'=y,'=y_predicted,'=y_probability_=1+1")
    assert [line.split(",")[:3] for line in lines[1:]] == [
        ["1", "'=1+1", "'=1+1"],
        ["4", "'@SUM(A1)", "'@SUM(A1)"],
        ["9", "-5", "-5"],
    ]


def test_several_labels_are_told_each(tmp_path: Path):
    names = ["row_number", "threat"]
    schema = {"labels": [{"name": name, "classes": [False, True]} for name in names]}
    values = np.array([[1, 0], [0, 1]])
    write_held_out(tmp_path / "a.csv", schema, np.array([7, 8]), values, Output(1 - values, np.full((2, 2), 0.5)))
    told = pd.read_csv(tmp_path / "a.csv")
    assert list(told["row_number_"]) == [7, 8] and list(told["threat"]) == [False, True]
    assert list(told["threat_predicted"]) == [True, False] and set(told["threat_probability"]) == {0.5}


@pytest.mark.parametrize(
    ("text", "written"),
    [
        ("=1+1", "'=1+1"), ("+cmd", "'+cmd"), ("-5", "-5"), ("- 3", "'- 3"), ("a=b", "a=b"), ("\t=1", "'\t'=1"),
        ("  =1+1", "'  =1+1"), ("\u00a0@SUM(A1)", "'\u00a0@SUM(A1)"), ("a;=cmd", "a;'=cmd"), ("a;  -1+cmd", "a;  '-1+cmd"),
        ("\rb", "'\rb"), ("＝1", "'＝1"), ("c - d = e", "c - d = e"), ("+4912345", "+4912345"), (7, 7), (None, None),
    ],
)  # fmt: skip
def test_is_as_harmless_as_the_other_tables(text: object, written: object):
    assert harmless(text) == written
