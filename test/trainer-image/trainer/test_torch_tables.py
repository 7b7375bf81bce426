"""The real PyTorch on small real tables."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import zipfile
from collections.abc import Callable
from pathlib import Path

import duckdb
import pandas as pd
import pytest
from tables import breast_cancer, diabetes, mixed_table, wine
from trainer_bench import Process, Run, Yard

from trainer.engine import load_engine

pytestmark = pytest.mark.torch
Here = Callable[[Yard], Run]
QUICK = {"epochs": 15, "learning_rate": 0.003}


@pytest.fixture(scope="module")
def mixed(shared_yard: Yard) -> Run:
    frame = mixed_table(600).drop(columns="spend")
    run = shared_yard.ask(frame, "churned", "binary", engine="torch", settings=QUICK).train()
    assert run.code == 0, run.log
    return run


def test_tells_of_every_epoch(mixed: Run):
    heard: dict[str, list[float]] = {}
    for event in mixed.of("metric"):
        heard.setdefault(event["name"], []).append(event["step"])
    names = (
        "train_loss",
        "validation_loss",
        "train_accuracy",
        "validation_accuracy",
        "validation_roc_auc",
        "epoch_seconds",
    )
    for name in names:
        assert heard[name] == list(range(1, len(heard["train_loss"]) + 1))
    losses = [event["value"] for event in mixed.of("metric") if event["name"] == "train_loss"]
    assert losses[-1] < losses[0] * 0.8
    assert any(event["sentence"].startswith("Epoch 2 of 15") for event in mixed.of("progress"))


def test_the_best_epoch_is_chosen_on_validation_and_judged_once(mixed: Run):
    report = mixed.report
    assert report["learning"]["at"] == [e["step"] for e in mixed.of("metric") if e["name"] == "train_loss"]
    assert {"train_loss", "validation_loss", "train_accuracy"} <= {
        line["name"] for line in report["learning"]["series"]
    }
    scores = [e["value"] for e in mixed.of("metric") if e["name"] == "validation_roc_auc"]
    assert report["best"]["validation"] == max(scores)
    assert report["best"]["model"] == f"Network, epoch {scores.index(max(scores)) + 1}" == mixed.models[-1]
    assert report["best"]["test"] > 0.85
    assert report["rows"] == {"train": 384, "validation": 96, "test": 120}
    assert len(report["importance"]) == 8
    assert any("country, empty" in warning for warning in report["warnings"])
    drawn = [series["name"] for series in report["learning"]["series"]]
    assert "train_loss" in drawn and "validation_loss" in drawn


def test_the_archive_predicts_outside_of_trainyard(mixed: Run, tmp_path: Path):
    with zipfile.ZipFile(mixed.out / "model.zip") as archive:
        archive.extractall(tmp_path / "model")
    said = (tmp_path / "model" / "README.md").read_text("utf-8")
    assert "pickle" not in said and "tensors and nothing else" in said
    extra = mixed.report["extras"][0]
    assert extra["name"] == "weights.pt" and extra["bytes"] == (mixed.out / "extras" / "weights.pt").stat().st_size
    pinned = (tmp_path / "model" / "requirements.txt").read_text("utf-8").split()
    assert not [pin for pin in pinned if pin.startswith(("nvidia", "cuda", "duckdb", "scikit"))]
    assert {pin.split("==")[0] for pin in pinned} >= {"torch", "pandas", "numpy", "pillow"}
    mixed_table(600).drop(columns=["churned", "spend"]).to_csv(tmp_path / "data.csv", index=False)
    answer = subprocess.run(
        [sys.executable, tmp_path / "model" / "predict.py", "data.csv"],
        cwd=tmp_path, env={"PATH": os.environ["PATH"]}, capture_output=True, text=True, check=True,
    )  # fmt: skip
    (tmp_path / "predictions.csv").write_text(answer.stdout, "utf-8")
    said = pd.read_csv(tmp_path / "predictions.csv")
    assert len(said) == 600
    assert (said["churned_predicted"] == mixed_table(600)["churned"]).mean() > 0.8


def test_predicts_what_it_has_never_seen(mixed: Run, shared_yard: Yard):
    strange = mixed_table(20, seed=9).drop(columns=["churned", "spend"])
    strange = strange.assign(plan="enterprise", city=None, note="", joined=pd.NaT, age=1e30, more=1)
    strange["newsletter"] = None
    run = shared_yard.predict(strange, engine="torch")
    assert run.code == 0, run.log
    answer = duckdb.sql(f"SELECT * FROM '{run.out / 'predictions.parquet'}'").df()
    assert len(answer) == 20 and answer["churned_probability_yes"].between(0, 1).all()


@pytest.mark.parametrize(("optimizer", "schedule"), [("adam", "cosine"), ("adamw", "plateau"), ("sgd", "cosine")])
def test_numbers_are_learned_with_every_optimizer(optimizer: str, schedule: str, yard: Yard, here: Here):
    rate = 0.02 if optimizer == "sgd" else 0.003
    settings = {"optimizer": optimizer, "learning_rate": rate, "epochs": 25, "schedule": schedule}
    run = here(yard.ask(diabetes(), "progression", "regression", engine="torch", settings=settings))
    assert run.code == 0
    assert run.report["best"]["test"] < 0.85 * run.report["baseline"]["test"]
    names = {event["name"] for event in run.of("metric")}
    assert "validation_rmse" in names and "train_accuracy" not in names


def test_the_rate_falls_in_steps_to_a_hundredth(yard: Yard, here: Here):
    from trainer.engines.torch.optimizing import rate_of

    settings = {"learning_rate": 1.0, "epochs": 9, "schedule": "step", "patience": 9}
    assert [rate_of(settings, epoch, []) for epoch in (1, 3, 4, 6, 7, 9)] == pytest.approx([1, 1, 0.1, 0.1, 0.01, 0.01])
    stuck = {**settings, "schedule": "plateau"}
    assert rate_of(stuck, 6, [0, 1, 2, 3]) == 0.5 and rate_of(stuck, 9, [0, 1, 2, 3, 4, 5, 6]) == 0.25


def test_several_classes_keep_their_own_type(yard: Yard, here: Here):
    run = here(yard.ask(wine(), "cultivar", "multiclass", engine="torch", settings=QUICK))
    assert run.code == 0
    assert run.report["scores"]["test"]["accuracy"] > 0.9
    answer = yard.predict(wine(), engine="torch")
    rows = duckdb.sql(f"SELECT * FROM '{answer.out / 'predictions.parquet'}'")
    assert dict(zip(rows.columns, map(str, rows.types), strict=True))["cultivar_predicted"] == "BIGINT"


def test_stops_when_nothing_gets_better(yard: Yard, here: Here):
    settings = {"epochs": 500, "patience": 3, "learning_rate": 0.01}
    run = here(yard.ask(wine(), "cultivar", "multiclass", engine="torch", settings=settings))
    assert run.code == 0 and run.report["why"] == "completed"
    epochs = [event["step"] for event in run.of("metric") if event["name"] == "train_loss"]
    assert epochs[-1] == int(run.report["best"]["model"].rsplit(" ", 1)[1]) + 3 < 500


def test_a_stop_keeps_the_best(yard: Yard):
    def stop(process: Process) -> None:
        process.wait_for(lambda event: event.get("name") == "train_loss" and event["step"] == 3)
        process.popen.send_signal(signal.SIGTERM)

    settings = {"epochs": 10_000, "patience": 0}
    asked = yard.ask(breast_cancer(), "diagnosis", "binary", engine="torch", settings=settings, seconds=3000)
    run = asked.train(while_running=stop)
    assert run.code == 143, run.log
    assert run.report["why"] == "stop_asked" and run.report["best"]["test"] > 0.9


def test_what_was_learned_survives_a_fit_that_dies(yard: Yard):
    def kill(process: Process) -> None:
        process.wait_for(lambda event: event.get("name") == "epoch_seconds" and event["step"] == 3)
        process.kill_workers()

    settings = {"epochs": 10_000, "patience": 0}
    asked = yard.ask(breast_cancer(), "diagnosis", "binary", engine="torch", settings=settings, seconds=3000)
    run = asked.train(while_running=kill)
    assert run.code == 0, run.log
    assert any("what was finished was kept" in warning for warning in run.report["warnings"])
    assert run.report["best"]["model"] in run.models and run.report["best"]["test"] > 0.9


def test_a_part_of_the_first_epoch_is_better_than_nothing(yard: Yard):
    def stop(process: Process) -> None:
        process.wait_for(lambda event: event["type"] == "checkpoint" and "epoch 1, step" in event["label"])
        process.popen.send_signal(signal.SIGTERM)

    settings = {"batch_size": 1, "hidden_layers": 6, "hidden_units": 1024, "checkpoint_minutes": 0.01}
    frame = mixed_table(3000).drop(columns="spend")
    asked = yard.ask(frame, "churned", "binary", engine="torch", settings=settings, seconds=3000)
    run = asked.train(while_running=stop)
    assert run.code == 143 and run.report["why"] == "stop_asked", run.log
    assert run.models == ["Network, epoch 1"]
    assert not [event for event in run.of("metric") if event["name"] == "train_loss"]


def test_the_time_limit_holds(yard: Yard, here: Here):
    load_engine("torch").warm_up()  # the first one in a process takes as long as a busy machine likes
    settings = {"epochs": 10_000, "patience": 0}
    run = here(yard.ask(breast_cancer(), "diagnosis", "binary", engine="torch", settings=settings, seconds=6))
    assert run.code == 0 and run.report["why"] == "time_up"
    assert run.report["seconds"]["total"] < 6 + 12
    assert run.report["best"]["test"] > 0.9


def test_a_finished_model_goes_on_for_more_epochs(yard: Yard, here: Here):
    asked = yard.ask(diabetes(), "progression", "regression", engine="torch", settings={"epochs": 2})
    first = here(asked)
    (first.out / "model.zip").rename(yard.work / "input" / "model.zip")
    before = first.report["best"]["validation"]
    subprocess.run(["rm", "-rf", yard.work / "scratch", yard.work / "checkpoints"], check=True)
    asked.spec["startFrom"], asked.spec["settings"] = "input/model.zip", {"epochs": 20}
    second = here(asked)
    assert second.code == 0
    epochs = [event["step"] for event in second.of("metric") if event["name"] == "train_loss"]
    assert epochs[0] == 3 and second.report["best"]["validation"] < before
