"""The real H2O on small real data."""

from __future__ import annotations

import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
import zipfile
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import duckdb
import numpy as np
import pandas as pd
import pytest
from tables import mixed_table, sample
from test_recipe import lay_out, raw
from trainer_bench import Process, Run, Yard

pytestmark = pytest.mark.h2o
# Each test starts a Java of its own that lives for seconds: what it would win by compiling well it never gets back.
os.environ.setdefault("JAVA_TOOL_OPTIONS", "-XX:TieredStopAtLevel=1 -XX:+UseSerialGC")
#: Two fits and the model itself, where H2O would make five and it.
TWO = {"folds": 2}
#: One family that fits small data in a blink; XGBoost spins on busy machines and is tried once.
FAST = {"exclude": ["GBM", "XGBoost", "DeepLearning", "StackedEnsemble"]}
TREES = {"exclude": ["XGBoost", "DeepLearning", "StackedEnsemble"], "max_models": 0}


def java_of(work: Path) -> list[int]:
    """The Java processes that work in this folder."""
    found: list[int] = []
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                program, place = (entry / "cmdline").read_bytes().split(b"\0")[0], (entry / "cwd").readlink()
            except OSError:
                continue
            if program.endswith(b"/java") and place == work:
                found.append(int(entry.name))
    return found


def gone(work: Path, seconds: float = 10) -> bool:
    until = time.monotonic() + seconds
    while time.monotonic() < until and java_of(work):
        time.sleep(0.05)
    return not java_of(work)


def long_table(rows: int = 3000) -> pd.DataFrame:
    """The linear model takes it in seconds; the trees go on and on."""
    random = np.random.default_rng(0)
    frame = pd.DataFrame(random.normal(size=(rows, 8))).rename(columns=lambda number: f"x{number}")
    return frame.assign(y=np.where(frame["x0"] + random.normal(size=rows) > 0, "up", "down"))


@pytest.fixture(scope="module")
def mixed(shared_yard: Yard) -> Run:
    frame = mixed_table().drop(columns="spend")
    settings = {"max_models": 2, "enough_log_loss": 0.0, "exclude": ["XGBoost"]}
    run = shared_yard.ask(frame, "churned", "binary", engine="h2o", settings=settings, seconds=60, split=TWO).train()
    assert run.code == 0, run.log
    return run


def test_networks_and_stacks_follow_where_the_first_are_not_good_enough(mixed: Run):
    families = [name.split("_")[0] for name in mixed.models]
    assert families[:2] == ["GLM", "GBM"] and set(families[2:]) == {"DeepLearning", "StackedEnsemble"}
    assert "were not good enough (log loss" in mixed.log
    page = (mixed.out / "report.html").read_text("utf-8")
    assert "deep learning and stacking followed" in page


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
    assert [extra["name"] for extra in mixed.report["extras"]] == ["mojo.zip"]
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


def ordered_or_folded(**changes: Any) -> Any:
    """Rows as they are divided, without Java."""
    from trainer.engines.h2o.rows import Rows

    warnings: list[str] = []
    task = SimpleNamespace(is_classes=False)
    order = SimpleNamespace(
        settings={"sample_rows": 0}, frame=pd.DataFrame({"x": range(12)}), values=np.arange(12.0), seed=0,
        spec=SimpleNamespace(task=task, split=SimpleNamespace(folds=0)), folds=np.repeat([0, 1, 2], 4),
        ordered=False, weights=None, warn=warnings.append,
    )  # fmt: skip
    for name, value in changes.items():
        setattr(order, name, value)
    return Rows(order)  # pyright: ignore[reportArgumentType]


def test_a_class_that_comes_up_late_does_not_stop_what_was_learned_before_it(yard: Yard):
    random = np.random.default_rng(0)
    day, size = np.arange(300), random.normal(size=300)
    kind = np.where(size > 0.3, "large", np.where(size < -0.3, "small", "middling"))
    kind[(day >= 190) & (day % 6 == 0)] = "late"
    frame = pd.DataFrame({"day": day, "size": size, "kind": kind})
    split = {"timeColumn": "day", "folds": 4}
    run = yard.ask(frame, "kind", "multiclass", engine="h2o", settings=FAST, split=split).train()
    assert run.code == 0, run.log
    assert run.models == ["GLM_1"] and run.report["rows"] == {"train": 180, "validation": 60, "test": 60}
    # Every sixth row or so of those that judge is of a class that it cannot say.
    assert 0.5 < run.report["scores"]["validation"]["accuracy"] < 0.9


def test_folds_that_were_given_are_those_of_h2o():
    rows = ordered_or_folded()
    assert rows.fold_of.tolist() == [0] * 4 + [1] * 4 + [2] * 4
    assert rows.as_asked()["fold_column"] == "ty_fold" and not rows.by_time


def test_in_the_order_of_time_the_latest_rows_judge():
    rows = ordered_or_folded(ordered=True, weights=np.ones(12))
    assert rows.train.tolist() == list(range(8)) and rows.judged.tolist() == list(range(8, 12))
    asked = rows.as_asked()
    assert "fold_column" not in asked and asked["validation_frame"] == asked["leaderboard_frame"] == "judging_rows"
    assert asked["weights_column"] == "ty_weight"


def test_a_stop_keeps_the_best_so_far_and_java_is_for_this_machine_alone(yard: Yard):
    asked_at = 0.0

    def stop(process: Process) -> None:
        nonlocal asked_at
        process.wait_for_models(1)
        assert len(java_of(yard.work)) == 1
        address = (yard.work / "out.scratch" / "java" / "where").read_text("ascii").strip()
        host, port = address.split(":")
        assert host == "127.0.0.1"
        with pytest.raises(urllib.error.HTTPError, match="401"):
            urllib.request.urlopen(f"http://{address}/3/Cloud", timeout=5)
        with pytest.raises(OSError):
            socket.create_connection((_other_address(), int(port)), 2)
        asked_at = time.monotonic()
        process.popen.send_signal(signal.SIGTERM)

    run = yard.ask(long_table(), "y", "binary", engine="h2o", settings=TREES, seconds=100, split=TWO).train(
        while_running=stop
    )
    assert run.code == 143, run.log
    assert time.monotonic() - asked_at < 15
    assert run.report["why"] == "stop_asked" and run.report["best"]["model"] in run.models
    assert gone(yard.work)
    assert yard.predict(long_table(5), engine="h2o").code == 0


def _other_address() -> str:
    """An address of this machine that others can see; a second one of its own where it has none."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        try:
            probe.connect(("192.0.2.1", 9))
            found = probe.getsockname()[0]
        except OSError:
            found = "127.0.0.2"
    return "127.0.0.2" if found.startswith("127.") else found


def test_java_that_does_not_answer_is_ended_at_a_stop(yard: Yard):
    def stop(process: Process) -> None:
        process.wait_for_models(1)
        for pid in java_of(yard.work):
            os.kill(pid, signal.SIGSTOP)
        process.popen.send_signal(signal.SIGTERM)

    run = yard.ask(long_table(), "y", "binary", engine="h2o", settings=TREES, seconds=100, split=TWO).train(
        while_running=stop
    )
    assert run.code == 143, run.log
    assert run.report["best"]["model"] in run.models
    assert gone(yard.work)


def test_when_java_is_killed_the_best_until_then_is_handed_in(yard: Yard):
    def kill(process: Process) -> None:
        process.wait_for_models(1)
        for pid in java_of(yard.work):
            os.kill(pid, signal.SIGKILL)

    run = yard.ask(long_table(), "y", "binary", engine="h2o", settings=TREES, seconds=100, split=TWO).train(
        while_running=kill
    )
    assert run.code == 0, run.log
    assert run.report["best"]["model"] == "GLM_1"
    assert any("Java ended by itself" in warning for warning in run.report["warnings"])


def test_another_machine_goes_on_from_what_was_finished_and_java_is_gone(
    yard: Yard, tmp_path_factory: pytest.TempPathFactory
):
    def lose(process: Process) -> None:
        process.wait_for(lambda event: event["type"] == "checkpoint")
        assert java_of(yard.work)
        process.popen.kill()

    settings = {**TREES, "max_models": 2, "exclude": ["XGBoost", "DeepLearning"], "enough_log_loss": 0.0}
    asked = yard.ask(long_table(1500), "y", "binary", engine="h2o", settings=settings, seconds=100, split=TWO)
    lost = asked.train(while_running=lose)
    assert lost.code == -signal.SIGKILL
    assert gone(yard.work), "Java outlived its trainer"

    other = Yard(tmp_path_factory.mktemp("other"), asked.spec)
    shutil.copytree(yard.work / "input", other.work / "input")
    newest = max((yard.work / "checkpoints").glob("[0-9]*"), key=lambda path: int(path.name))
    finished = [model["name"] for model in json.loads((newest / "kept" / "kept.json").read_text("utf-8"))["models"]]
    shutil.copytree(newest, other.work / "resume")
    shutil.rmtree(yard.work)

    run = other.train()
    assert run.code == 0, run.log
    assert finished == ["GLM_1"] and run.models == ["GBM_1", "StackedEnsemble_All"]
    names = {row["model"] for row in run.report["leaderboard"] if not row["baseline"]}
    assert names == {"GLM_1", "GBM_1", "StackedEnsemble_All"}
    assert any("1 finished models were taken up from it: GLM_1" in warning for warning in run.report["warnings"])
    assert other.predict(long_table(5), engine="h2o").code == 0


def test_java_is_gone_when_the_process_that_fits_is_killed(yard: Yard):
    def kill(process: Process) -> None:
        process.wait_for(lambda event: "Fitting" in event.get("sentence", ""))
        assert java_of(yard.work)
        for worker in process.workers():
            os.kill(worker, signal.SIGKILL)

    run = yard.ask(long_table(), "y", "binary", engine="h2o", settings=TREES, seconds=100, split=TWO).train(
        while_running=kill
    )
    assert run.code in (0, 75), run.log
    assert gone(yard.work)


def test_at_the_deadline_it_hands_in_by_itself(yard: Yard):
    """The deadline is moved to where a model is being fitted: H2O itself was told of a later one."""
    deadline = 0.0

    def move(process: Process) -> None:
        nonlocal deadline
        process.wait_for_models(1)
        deadline = time.time() + 2
        (yard.work / "deadline.json").write_text(json.dumps({"deadlineAtMs": int(deadline * 1000)}), "utf-8")

    run = yard.ask(long_table(), "y", "binary", engine="h2o", settings=TREES, seconds=100, split=TWO).train(
        while_running=move
    )
    assert run.code == 0, run.log
    assert run.report["why"] == "time_up"
    assert time.time() - deadline < 15
    assert gone(yard.work)
