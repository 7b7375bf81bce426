"""The real H2O on small real data."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import zipfile
from pathlib import Path

import duckdb
import numpy as np
import pandas as pd
import pytest
from tables import mixed_table, sample
from test_recipe import lay_out, raw
from trainer_bench import Run, Yard

pytestmark = pytest.mark.h2o
# Each test starts a Java of its own that lives for seconds: what it would win by compiling well it never gets back.
os.environ.setdefault("JAVA_TOOL_OPTIONS", "-XX:TieredStopAtLevel=1 -XX:+UseSerialGC")
#: Two fits and the model itself, where H2O would make five and it.
TWO = {"folds": 2}
#: One family that fits small data in a blink; XGBoost spins on busy machines and is tried once.
FAST = {"exclude": ["GBM", "XGBoost", "DeepLearning", "StackedEnsemble"]}


@pytest.fixture(scope="module")
def mixed(shared_yard: Yard) -> Run:
    frame = mixed_table().drop(columns="spend")
    settings = {"max_models": 2, "enough_log_loss": 0.0, "exclude": ["XGBoost"]}
    before = unpacked()
    run = shared_yard.ask(frame, "churned", "binary", engine="h2o", settings=settings, seconds=60, split=TWO).train()
    assert run.code == 0, run.log
    # H2O unpacks XGBoost whenever it starts, 150 MB that nobody would take away.
    assert unpacked() <= before
    return run


def unpacked() -> set[Path]:
    return set(Path(tempfile.gettempdir()).glob("libxgboost4j*"))


def test_networks_and_stacks_follow_where_the_first_are_not_good_enough(mixed: Run):
    families = [name.split("_")[0] for name in mixed.models]
    assert families[:2] == ["GLM", "GBM"] and set(families[2:]) == {"DeepLearning", "StackedEnsemble"}
    assert "were not good enough (log loss" in mixed.log
    page = (mixed.out / "report.html").read_text("utf-8")
    assert "deep learning and stacking followed" in page


def test_shows_how_its_winner_learned_or_says_why_not(mixed: Run):
    report = mixed.report
    assert not report["budget"]["leftOut"]
    if report["learning"] is None:
        # A linear model is often there at once.
        assert report["best"]["model"].startswith(("StackedEnsemble", "GLM"))
        assert "it was not learned step by step" in report["noLearning"]
    else:
        losses = report["learning"]["series"][0]["values"]
        assert len(losses) >= 2 and losses[-1] < losses[0]


def test_tells_of_every_model_as_it_is_finished(mixed: Run):
    rows = [row for row in mixed.of("leaderboard") if not row["baseline"]]
    for row in rows:
        assert 0.5 < row["validation"] <= 1 and row["interval"] is not None and row["fitSeconds"] is not None
    assert len({row["secondsUsed"] for row in rows}) > 2
    said = [event["sentence"] for event in mixed.of("progress")]
    assert "Fitting GLM_1" in said and said.index("Fitting GLM_1") < said.index("Fitting GBM_1")
    assert [event["label"] for event in mixed.of("checkpoint")] == mixed.models


def test_reports_as_every_engine_does(mixed: Run):
    report = mixed.report
    assert report["best"]["validation"] == max(e["validation"] for e in mixed.of("leaderboard"))
    assert set(report["scores"]["validation"]) == set(report["scores"]["test"])
    assert report["rows"] == {"train": 240, "validation": 240, "test": 60}
    assert len(report["importance"]) == 8 and report["importance"][0]["column"] in ("note", "plan", "age")
    assert report["versions"]["h2o"]


def test_the_archive_predicts_outside_what_h2o_itself_said(mixed: Run, tmp_path: Path):
    """The MOJO by itself, against the scores that the model had inside H2O."""
    with zipfile.ZipFile(mixed.out / "model.zip") as archive:
        archive.extractall(tmp_path / "model")
    mojo = tmp_path / "model" / "model" / "model.mojo.zip"
    assert mojo.read_bytes() == (mixed.out / "extras" / "mojo.zip").read_bytes()
    assert [extra["name"] for extra in mixed.report["extras"]] == ["mojo.zip", "held-out.csv"]
    assert "pickle" not in (tmp_path / "model" / "README.md").read_text("utf-8")
    frame = mixed_table().drop(columns=["churned", "spend"])
    frame.to_csv(tmp_path / "data.csv", index=False)
    answer = subprocess.run(
        [sys.executable, tmp_path / "model" / "predict.py", "data.csv"],
        cwd=tmp_path, env={"PATH": os.environ["PATH"]}, capture_output=True, text=True, check=True,
    )  # fmt: skip
    (tmp_path / "predictions.csv").write_text(answer.stdout, "utf-8")
    said = pd.read_csv(tmp_path / "predictions.csv")
    from trainer.split import holdout

    truth = (mixed_table()["churned"] == "yes").to_numpy().astype("int64")
    _, held = holdout(truth, 0.2, 0, True)
    scores = mixed.report["scores"]["test"]
    given = np.where(truth == 1, said["churned_probability_yes"], said["churned_probability_no"])[held]
    assert -np.log(np.clip(given, 1e-15, 1)).mean() == pytest.approx(scores["log_loss"], abs=1e-5)
    right = (said["churned_predicted"] == mixed_table()["churned"]).to_numpy()[held]
    assert right.mean() == pytest.approx(scores["accuracy"])


def test_predicts_what_it_has_never_seen(mixed: Run, shared_yard: Yard):
    strange = mixed_table(20, seed=9).drop(columns=["churned", "spend"])
    strange = strange.assign(plan="enterprise", city=None, note="", joined=pd.NaT, more=1)
    strange["newsletter"] = None
    run = shared_yard.predict(strange, engine="h2o")
    assert run.code == 0, run.log
    answer = duckdb.sql(f"SELECT * FROM '{run.out / 'predictions.parquet'}'").df()
    assert len(answer) == 20 and answer["churned_probability_yes"].between(0, 1).all()


def test_several_classes_of_whole_numbers_by_a_sample_of_the_rows(yard: Yard):
    frame = sample("diabetes")
    weight = frame["body_mass_index"]
    frame = frame.drop(columns="progression").assign(grade=pd.qcut(weight, 3, labels=False).astype("int64"))
    settings = {**FAST, "sample_rows": 200, "exclude": ["GBM", "GLM", "DeepLearning", "StackedEnsemble"]}
    run = yard.ask(
        frame, "grade", "multiclass", engine="h2o", settings={**settings, "max_models": 1}, split=TWO
    ).train()
    assert run.code == 0, run.log
    assert run.models == ["XGBoost_1"] and abs(run.report["rows"]["train"] - 200) <= 1
    assert any("training rows, drawn at random" in warning for warning in run.report["warnings"])
    assert run.report["scores"]["test"]["accuracy"] > 0.5
    answer = yard.predict(frame, engine="h2o")
    rows = duckdb.sql(f"SELECT * FROM '{answer.out / 'predictions.parquet'}'")
    assert dict(zip(rows.columns, map(str, rows.types), strict=True))["grade_predicted"] == "BIGINT"
    assert (rows.df()["grade_predicted"] == frame["grade"]).mean() > 0.5


def test_a_number_by_ids_with_leading_zeros_and_the_folds_that_were_asked_for(yard: Yard):
    random = np.random.default_rng(1)
    code = random.choice(["007", "07", "7"], 300)
    spend = pd.Series(code).map({"007": 10.0, "07": 50.0, "7": 90.0}) + random.normal(size=300)
    frame = pd.DataFrame({"code": code, "spend": spend})
    run = yard.ask(frame, "spend", "regression", engine="h2o", settings=FAST, split={"folds": 3}).train()
    assert run.code == 0, run.log
    assert run.report["scores"]["test"]["r2"] > 0.95  # as numbers all three codes are seven
    assert "nothing was added" in run.log
    # A row without any value is one all the same.
    rows = pd.DataFrame({"code": [None, "007", None]}, dtype="string")
    answer = duckdb.sql(f"SELECT * FROM '{yard.predict(rows, engine='h2o').out / 'predictions.parquet'}'").df()
    assert len(answer) == 3 and answer["spend_predicted"][1] == pytest.approx(10, abs=5)


def test_learns_and_judges_by_the_folds_of_a_recipe_and_carries_it_out(yard: Yard):
    run = lay_out(yard, raw(), engine="h2o", settings=FAST).train()
    assert run.code == 0, run.log
    rows = run.report["rows"]
    assert rows["validation"] == rows["train"] and rows["test"] == pytest.approx(rows["train"] / 4, abs=10)
    assert not any("made its own folds" in warning for warning in run.report["warnings"])
    answer = yard.predict(raw(30).drop(columns="churned"), engine="h2o")
    assert answer.code == 0, answer.log
    said = duckdb.sql(f"SELECT * FROM '{answer.out / 'predictions.parquet'}'").df()
    assert len(said) == 30 and said["churned_predicted"].isna().sum() == said["not_scored"].notna().sum() > 0
