"""The toxicity case: comments with six labels at once, from the raw table to a prediction outside."""

from __future__ import annotations

import io
import json
import os
import subprocess
import sys
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import duckdb
import numpy as np
import pandas as pd
import pytest
from tables import toxic_comments
from trainer_bench import Run, Yard

pytestmark = pytest.mark.torch
Here = Callable[[Yard], Run]
NAMES = ["toxic", "severe", "obscene", "threat", "insult", "hate"]


def asked(yard: Yard, rows: int = 1200, **settings: Any) -> Yard:
    return yard.ask(
        toxic_comments(rows), NAMES, "multilabel", engine="torch", settings={"preset": "toxicity", **settings}
    )


def test_the_preset_learns_six_labels_reports_and_predicts(yard: Yard, here: Here, tmp_path: Path):
    run = here(asked(yard, learning_rate=0.004))
    assert run.code == 0
    report = run.report
    assert report["best"]["model"].startswith("Text network") and report["labels"] == NAMES
    assert report["metric"]["name"] == "roc_auc_mean" and report["best"]["test"] > 0.9
    assert 0 < report["best"]["testInterval"] < 0.1 and report["baseline"]["test"] == 0.5
    assert report["baseline"]["difference"]["low"] > 0
    assert set(report["scores"]["test"]) == {"roc_auc_mean", "log_loss_mean", "subset_accuracy"}
    assert [row["label"] for row in report["perLabel"]] == NAMES
    mean = np.mean([row["rocAuc"] for row in report["perLabel"]])
    assert mean == pytest.approx(report["best"]["test"])
    assert report["confusion"] is report["perClass"] is report["curves"] is report["residuals"] is None
    told = {one["part"] for one in report["budget"]["leftOut"]}
    assert {"confusion matrix", "thresholds"} <= told
    assert report["calibration"]["of"] == "yes" and [row["name"] for row in report["curvesEach"]["rows"]] != []
    assert report["curvesEach"]["macro"]["rocAuc"] == pytest.approx(mean)
    assert not any("could not be made" in one["reason"] for one in report["budget"]["leftOut"])
    # As the preset says: six epochs at most.
    heard = {event["name"]: event["step"] for event in run.of("metric")}
    assert heard["validation_roc_auc_mean"] <= 6 and "train_accuracy" in heard
    page = (run.out / "report.html").read_text("utf-8")
    assert "Label by label" in page and "What is taken for what" not in page
    schema = json.loads((run.out / "input-schema.json").read_text("utf-8"))
    assert "label" not in schema and schema["columns"] == [{"name": "comment", "sqlType": "VARCHAR"}]
    assert [label["classes"] for label in schema["labels"][3:5]] == [[0, 1], ["no", "yes"]]

    rows = toxic_comments(200)
    answer = yard.predict(rows[["comment"]], engine="torch")
    assert answer.code == 0, answer.log
    said = duckdb.sql(f"SELECT * FROM '{answer.out / 'predictions.parquet'}'").df()
    assert list(said.columns) == [
        "comment",
        *(f"{name}_{part}" for name in NAMES for part in ("predicted", "probability")),
    ]
    assert (said["toxic_predicted"] == rows["toxic"]).mean() > 0.8 and said["toxic_predicted"].dtype == bool
    assert set(said["insult_predicted"]) == {"no", "yes"} and said["threat_predicted"].dtype.kind == "i"
    assert ((said["insult_probability"] >= 0.5) == (said["insult_predicted"] == "yes")).all()

    with zipfile.ZipFile(run.out / "model.zip") as archive:
        archive.extractall(tmp_path / "model")
    assert "`hate_probability`" in (tmp_path / "model" / "README.md").read_text("utf-8")
    rows[["comment"]].to_csv(tmp_path / "data.csv", index=False)
    outside = subprocess.run(
        [sys.executable, tmp_path / "model" / "predict.py", "data.csv"],
        cwd=tmp_path, env={"PATH": os.environ["PATH"]}, capture_output=True, text=True, check=True,
    )  # fmt: skip
    same = pd.read_csv(io.StringIO(outside.stdout))
    assert same["hate_probability"].to_numpy() == pytest.approx(said["hate_probability"].to_numpy(), abs=1e-5)


def test_one_model_goes_on_from_another_only_for_the_same_labels(yard: Yard, here: Here):
    first = here(asked(yard, 200, epochs=1))
    assert first.code == 0
    (yard.work / "input" / "model.zip").write_bytes((first.out / "model.zip").read_bytes())
    fewer = yard.ask(
        toxic_comments(200), NAMES[:5], "multilabel", engine="torch", settings={"data": "text", "epochs": 1}, start_from="input/model.zip"
    )  # fmt: skip
    refused = here(fewer)
    assert refused.code == 65 and "predicts something else" in refused.failure["message"]
    again = yard.ask(
        toxic_comments(200), NAMES, "multilabel", engine="torch", settings={"data": "text", "epochs": 1}, start_from="input/model.zip"
    )  # fmt: skip
    assert here(again).code == 0


def test_a_table_has_several_labels_too(yard: Yard, here: Here):
    random = np.random.default_rng(2)
    frame = pd.DataFrame({"a": random.normal(size=400), "b": random.normal(size=400)})
    frame = frame.assign(high=(frame["a"] > 0.3), odd=np.where(frame["a"] * frame["b"] > 0, "yes", "no"))
    settings = {"epochs": 20, "learning_rate": 0.01}
    run = here(
        yard.ask(frame, ["high", "odd"], "multilabel", engine="torch", settings=settings, metric="log_loss_mean")
    )
    assert run.code == 0
    assert run.report["best"]["test"] < 0.35 < run.report["baseline"]["test"]
    # Both labels are drawn, though there are only two.
    assert [line["name"] for line in run.report["dependence"][0]["series"]] == ["high", "odd"]
