"""The real AutoGluon on small real data, in one environment."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import time
import zipfile
from pathlib import Path

import duckdb
import numpy as np
import pandas as pd
import pytest
from tables import breast_cancer, diabetes, mixed_table, wine
from trainer_bench import Process, Run, Yard

pytestmark = pytest.mark.autogluon
#: Two families that fit small data in a blink; the others are AutoGluon's to test.
FAST = {"include": ["GBM", "XT"]}


@pytest.fixture(scope="module")
def mixed(shared_yard: Yard) -> Run:
    frame = mixed_table().drop(columns="spend")
    run = shared_yard.ask(frame, "churned", "binary", engine="autogluon", settings=FAST).train()
    assert run.code == 0, run.log
    return run


def test_tells_of_every_model_as_it_is_fitted(mixed: Run):
    assert {"LightGBMXT", "LightGBM", "ExtraTreesGini", "WeightedEnsemble_L2"} <= set(mixed.models)
    assert not [name for name in mixed.models if "CatBoost" in name or "RandomForest" in name]
    rows = [row for row in mixed.of("leaderboard") if not row["baseline"]]
    for row in rows:
        assert 0.5 < row["validation"] <= 1 and row["interval"] is not None and row["fitSeconds"] is not None
        assert row["secondsUsed"] + row["secondsLeft"] == pytest.approx(60, abs=1)
    assert [row["secondsUsed"] for row in rows] == sorted(row["secondsUsed"] for row in rows)
    said = [event["sentence"] for event in mixed.of("progress")]
    assert "Fitting LightGBMXT" in said and said.index("Fitting LightGBMXT") < said.index("Fitting ExtraTreesGini")
    values = [event["value"] for event in mixed.of("metric")]
    assert values == sorted(values)


def test_its_scores_are_those_that_autogluon_computes(mixed: Run):
    """The log is AutoGluon's own; the leaderboard is ours."""
    said = [line.split("=")[0].strip() for line in mixed.log.splitlines() if "= Validation score" in line]
    ours = [row["validation"] for row in mixed.of("leaderboard") if not row["baseline"]]
    assert [float(value) for value in said] == pytest.approx(ours, abs=6e-5)


def test_reports_as_every_engine_does(mixed: Run):
    report = mixed.report
    assert report["engine"] == "autogluon" and report["best"]["model"] in mixed.models
    assert report["best"]["validation"] == max(e["validation"] for e in mixed.of("leaderboard"))
    assert 0.5 < report["best"]["test"] <= 1
    assert set(report["scores"]["validation"]) == set(report["scores"]["test"])
    assert report["rows"]["train"] + report["rows"]["validation"] == 240 and report["rows"]["test"] == 60
    # Of ten columns two say the same in every row, and nothing can matter less.
    assert len(report["importance"]) == 8 and report["importance"][0]["column"] in ("note", "plan", "age")
    assert report["versions"]["autogluon.tabular"]


def test_the_archive_predicts_outside_and_holds_no_row_of_data(mixed: Run, tmp_path: Path):
    with zipfile.ZipFile(mixed.out / "model.zip") as archive:
        names = archive.namelist()
        archive.extractall(tmp_path / "model")
    assert not [name for name in names if "/data/" in name or name.endswith(("X.pkl", "X_val.pkl"))]
    frame = mixed_table().drop(columns=["churned", "spend"])
    frame.to_csv(tmp_path / "data.csv", index=False)
    answer = subprocess.run(
        [sys.executable, tmp_path / "model" / "predict.py", "data.csv"],
        cwd=tmp_path, env={"PATH": os.environ["PATH"]}, capture_output=True, text=True, check=True,
    )  # fmt: skip
    (tmp_path / "predictions.csv").write_text(answer.stdout, "utf-8")
    said = pd.read_csv(tmp_path / "predictions.csv")
    assert len(said) == 300
    assert (said["churned_predicted"] == mixed_table()["churned"]).mean() > 0.75


def test_predicts_what_it_has_never_seen(mixed: Run, shared_yard: Yard):
    strange = mixed_table(20, seed=9).drop(columns=["churned", "spend"])
    strange = strange.assign(plan="enterprise", city=None, note="", joined=pd.NaT, more=1)
    strange["newsletter"] = None
    run = shared_yard.predict(strange, engine="autogluon")
    assert run.code == 0, run.log
    answer = duckdb.sql(f"SELECT * FROM '{run.out / 'predictions.parquet'}'").df()
    assert len(answer) == 20 and answer["churned_probability_yes"].between(0, 1).all()


def test_several_classes_keep_their_own_type(yard: Yard):
    run = yard.ask(wine(), "cultivar", "multiclass", engine="autogluon", settings={"include": ["GBM"]}).train()
    assert run.code == 0, run.log
    assert run.report["scores"]["test"]["accuracy"] > 0.8
    answer = yard.predict(wine(), engine="autogluon")
    rows = duckdb.sql(f"SELECT * FROM '{answer.out / 'predictions.parquet'}'")
    assert dict(zip(rows.columns, map(str, rows.types), strict=True))["cultivar_predicted"] == "BIGINT"


def test_a_share_of_the_time_that_no_model_fits_in_is_too_little_time(yard: Yard):
    # Its time is not over: what AutoGluon gave the one model of it was.
    ranges = '{"GBM": {"ag.max_time_limit_ratio": 0.00001}}'
    settings = {"include": ["GBM"], "tuning": "random", "tuning_trials": 1, "ranges": ranges}
    run = yard.ask(diabetes(), "progression", "regression", engine="autogluon", settings=settings).train()
    assert run.code == 65, run.log
    assert run.failure["type"] == "TooLittleTime" and "more time" in run.failure["message"]


def test_a_number_and_then_more_time(yard: Yard):
    settings = {"include": ["XT", "GBM"]}
    first = yard.ask(diabetes(), "progression", "regression", engine="autogluon", settings=settings).train()
    assert first.code == 0, first.log
    assert first.report["best"]["test"] < first.report["baseline"]["test"]
    shutil.copy(first.out / "model.zip", yard.work / "input" / "model.zip")
    yard.ask(
        diabetes(), "progression", "regression",
        engine="autogluon", settings=settings, seconds=12, start_from="input/model.zip",
    )  # fmt: skip
    second = yard.train("further")
    assert second.code == 0, second.log
    assert second.report["best"]["validation"] <= first.report["best"]["validation"]
    fitted = [e["sentence"] for e in second.of("progress") if e["sentence"].startswith("Fitting")]
    assert fitted and not set(fitted) & {f"Fitting {name}" for name in first.models}
    assert any(name.startswith("WeightedEnsemble_L2Continued") for name in second.models)


def test_a_good_model_is_stopped_within_seconds_and_keeps_the_best(yard: Yard):
    asked_at = 0.0

    def stop(process: Process) -> None:
        nonlocal asked_at
        process.wait_for(lambda event: event["type"] == "leaderboard" and not event["baseline"])
        asked_at = time.monotonic()
        process.popen.send_signal(signal.SIGTERM)

    settings = {"preset": "good", "include": ["XGB", "GBM"]}
    yard.ask(
        breast_cancer(), "diagnosis", "binary", engine="autogluon", settings=settings, split={"folds": 3}, seconds=60
    )
    run = yard.train(while_running=stop)
    assert run.code == 143, run.log
    assert time.monotonic() - asked_at < 30
    assert run.report["why"] == "stop_asked" and run.report["best"]["model"] in run.models
    assert yard.predict(breast_cancer().head(3), engine="autogluon").code == 0


def test_killed_in_mid_fit_it_hands_in_every_model_that_was_finished(yard: Yard):
    def kill(process: Process) -> None:
        process.wait_for(lambda event: "ExtraTreesGini" in event.get("sentence", ""))
        for worker in process.workers():
            os.kill(worker, signal.SIGKILL)

    random = np.random.default_rng(0)
    frame = pd.DataFrame(random.normal(size=(3000, 20))).rename(columns=lambda number: f"x{number}")
    frame = frame.assign(y=np.where(frame["x0"] + random.normal(size=3000) > 0, "up", "down"))
    run = yard.ask(frame, "y", "binary", engine="autogluon", settings=FAST).train(while_running=kill)
    assert run.code == 0, run.log
    told = [name for name in run.models if name != "WeightedEnsemble_L2Kept"]
    assert told == ["LightGBMXT", "LightGBM"]
    assert {"LightGBMXT", "LightGBM"} <= {row["model"] for row in run.report["leaderboard"]}
    assert any("lack of memory" in warning for warning in run.report["warnings"])


def test_a_good_model_is_fitted_again_on_all_rows_and_can_be_gone_on_from(yard: Yard):
    settings = {"preset": "good", "include": ["XGB"]}
    asked = {"engine": "autogluon", "settings": settings, "split": {"folds": 3}}
    first = yard.ask(breast_cancer(), "diagnosis", "binary", **asked, seconds=40).train()
    assert first.code == 0, first.log
    assert "Fitted again on all training rows</dt><dd>yes" in (first.out / "report.html").read_text("utf-8")
    with zipfile.ZipFile(first.out / "model.zip") as archive:
        # The folds stay for their predictions only: what weighs is in the model fitted on all rows.
        weights = [name for name in archive.namelist() if name.endswith("xgb.ubj")]
    assert weights and all("_FULL" in name for name in weights)
    shutil.copy(first.out / "model.zip", yard.work / "input" / "model.zip")
    second = yard.ask(breast_cancer(), "diagnosis", "binary", **asked, seconds=14, start_from="input/model.zip").train(
        "further"
    )
    assert second.code == 0, second.log
    assert second.report["best"]["validation"] >= first.report["best"]["validation"]
    spec = {"kind": "predict", "engine": "autogluon", "model": "further/model.zip", "data": "input/data.parquet"}
    (yard.work / "predict.json").write_text(json.dumps(spec), "utf-8")
    assert yard.run("predict", "predict.json", "predicted", None).code == 0


@pytest.mark.parametrize(("rows", "levels"), [(400, 1), (1000, 2)])
def test_good_quality_begins_with_a_model_and_stacks_where_rows_are_enough(yard: Yard, rows: int, levels: int):
    frame = mixed_table(rows).drop(columns=["churned", "note"])
    settings = {"preset": "good", "include": ["LR"]}
    run = yard.ask(frame, "spend", "regression", engine="autogluon", settings=settings, seconds=60).train()
    assert run.code == 0, run.log
    # Nothing is tried out on a part of the rows first.
    assert "DyStack" not in run.log
    assert {int(name.split("_L")[1][0]) for name in run.models if "_BAG_L" in name} == set(range(1, levels + 1))


def test_nothing_left_to_fit_is_said_before_anything_is_loaded(yard: Yard):
    settings = {"include": ["GBM"], "exclude": ["GBM"]}
    run = yard.ask(diabetes(), "progression", "regression", engine="autogluon", settings=settings).train()
    assert run.code == 65
    assert run.failure["type"] == "BadSettings" and "Leave at least one in" in run.failure["message"]


def test_searches_within_the_ranges_that_were_given_and_ends_when_nothing_gets_better(yard: Yard):
    settings = {
        "include": ["GBM", "XT"],
        "tuning": "random",
        "tuning_trials": 8,
        "ranges": json.dumps({"GBM": {"learning_rate": [0.05, 0.06], "num_boost_round": 20}}),
        # The first tries of both families come before a second one.
        "patience": 2,
        "calibrate_threshold": "yes",
    }
    run = yard.ask(breast_cancer(), "diagnosis", "binary", engine="autogluon", settings=settings).train()
    assert run.code == 0, run.log
    assert 2 <= len([name for name in run.models if name.startswith("LightGBM")]) < 8
    assert any("no better than" in warning for warning in run.report["warnings"])


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ({"tuning": "random", "ranges": "{"}, "no JSON"),
        ({"tuning": "random", "ranges": '{"NN": {}}'}, "“NN” is not among the families"),
        ({"tuning": "random", "ranges": '{"GBM": {"learning_rate": [0.3, 0.1]}}'}, "GBM.learning_rate is no range"),
        ({"tuning": "random", "ranges": '{"GBM": {"learning_rate": [0, 0.1, "log"]}}'}, "begin above 0"),
        ({"ranges": '{"GBM": {}}'}, "the search is off"),
        ({"stack_levels": 1}, "Stacking needs folds"),
    ],
)
def test_a_search_that_cannot_be_is_refused(yard: Yard, settings: dict[str, object], said: str):
    run = yard.ask(diabetes(), "progression", "regression", engine="autogluon", settings=settings).train()
    assert run.code == 65
    assert run.failure["type"] == "BadSettings" and said in run.failure["message"]
