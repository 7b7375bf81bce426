"""A network for each fold: what judges it, what is handed in, and how it goes on after a loss."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
import pytest
from lost_machine import lose_after, lose_within, lost_and_moved
from tables import mixed_table, toxic_comments
from torch_weights import check_same, seconds_of
from trainer_bench import Process, Run, Yard
from whole_set import share_explained

pytestmark = pytest.mark.torch
Here = Callable[[Yard], Run]
SETTINGS = {"epochs": 6, "patience": 0, "dropout": 0.3, "batch_size": 4, "checkpoint_minutes": 0.01}


def asked(yard: Yard, rows: int = 600, **changes: Any) -> Yard:
    frame = mixed_table(rows).drop(columns="spend")
    asking = {"settings": SETTINGS, "split": {"folds": 3}, "seconds": 3000, **changes}
    return yard.ask(frame, "churned", "binary", engine="torch", **asking)


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory: pytest.TempPathFactory) -> Run:
    run = asked(Yard(tmp_path_factory.mktemp("undisturbed"))).train()
    assert run.code == 0, run.log
    return run


def test_every_row_judges_once_and_the_last_network_learns_from_all(undisturbed: Run):
    report = undisturbed.report
    assert report["rows"] == {"train": 480, "validation": 480, "test": 120}
    page = (undisturbed.out / "report.html").read_text("utf-8")
    scores = [float(score) for score in page.split("Score of each fold</dt><dd>")[1].split("<")[0].split(", ")]
    assert report["validated"] == (
        "By 3 folds (480 rows), each by what was learned from the others; the score is the mean; "
        "the model handed in has then learned from all rows."
    )
    assert len(scores) == 3 and report["best"]["validation"] == pytest.approx(np.mean(scores), abs=1e-4)
    assert f"Spread over the folds</dt><dd>{np.std(scores, ddof=1):.1g}"[:-1] in page
    best = sorted(int(epoch) for epoch in page.split("Best epoch of each fold</dt><dd>")[1].split("<")[0].split(", "))
    assert report["best"]["model"] == f"Network, 3 folds, {best[1]} epochs"
    said = [event["sentence"] for event in undisturbed.of("progress")]
    assert f"On all rows, epoch {best[1]} of {best[1]}" in said and "Fold 3 of 3, epoch 6 of 6" in said
    steps = [event["step"] for event in undisturbed.of("metric") if event["name"] == "train_loss"]
    assert steps == list(range(1, 3 * 6 + best[1] + 1))
    assert [entry["model"] for entry in report["leaderboard"] if not entry["baseline"]] == [report["best"]["model"]]


@pytest.mark.parametrize("label", ["fold 2 of 3, epoch 1", "on all rows, epoch 1", None])
def test_goes_on_in_the_very_fold_to_the_same_weights(
    label: str | None, undisturbed: Run, yard: Yard, tmp_path_factory: pytest.TempPathFactory
):
    lose = lose_after(label) if label else lose_within(0.8 * seconds_of(undisturbed))
    other = lost_and_moved(asked(yard), lose, tmp_path_factory.mktemp("other"))
    kept = json.loads((other.work / "resume" / "checkpoint.json").read_text("utf-8"))["label"]
    run = other.train()
    assert run.code == 0, run.log
    check_same(run, undisturbed)
    whole = [event["step"] for event in undisturbed.of("metric") if event["name"] == "train_loss"]
    again = [event["step"] for event in run.of("metric") if event["name"] == "train_loss"]
    assert again == whole[len(whole) - len(again) :] and len(again) < len(whole)
    assert not [
        sentence for sentence in (e.get("sentence", "") for e in run.events) if sentence.startswith("Fold 1")
    ] or (kept.startswith("fold 1"))
    assert share_explained(other, mixed_table(600).drop(columns="spend"), "churned", "torch") > 0.5


def test_stopped_in_a_fold_it_hands_in_the_first_and_says_so(yard: Yard):
    def stop(process: Process) -> None:
        process.wait_for(lambda event: event.get("sentence", "").startswith("Fold 2 of 3, epoch 2"))
        process.popen.terminate()

    run = asked(yard).train(while_running=stop)
    assert run.code == 143, run.log
    assert run.report["best"]["model"].startswith("Network, fold 1 of 3, epoch ")
    assert run.report["rows"]["train"] == 320 and run.report["rows"]["validation"] == 160
    assert any("1 of 3 folds were through" in warning for warning in run.report["warnings"])


def test_the_time_is_shared_among_the_folds(yard: Yard):
    def end_in_twelve_seconds(process: Process) -> None:
        process.wait_for(lambda event: event.get("sentence", "").startswith("Fold 1"))
        told = {"deadlineAtMs": int((time.time() + 12) * 1000)}
        (yard.work / "deadline.json").write_text(json.dumps(told), "utf-8")

    settings = {**SETTINGS, "epochs": 10_000, "batch_size": 64}
    run = asked(yard, settings=settings).train(while_running=end_in_twelve_seconds)
    assert run.code == 0, run.log
    folds = {sentence.split(",")[0] for sentence in (event["sentence"] for event in run.of("progress"))}
    assert {"Fold 1 of 3", "Fold 2 of 3", "Fold 3 of 3", "On all rows"} <= folds


def test_groups_stay_whole_and_time_goes_forward(yard: Yard, here: Here):
    random = np.random.default_rng(1)
    frame = pd.DataFrame({"x": random.normal(size=400), "day": np.arange(400), "shop": np.arange(400) // 20})
    frame["y"] = frame["x"] + random.normal(size=400) / 10
    settings = {"epochs": 2, "hidden_layers": 0}
    for split, judged, said in (
        ({"groupColumn": "shop", "folds": 4}, 320, "By 4 folds of whole groups of “shop” (320 rows), each by"),
        ({"timeColumn": "day", "folds": 4}, 240, "By 3 parts by “day”, one after the other (240 rows), each by"),
        (
            {"timeColumn": "day"},
            64,
            "By the latest part by “day” (64 rows), by what was learned from the rows before it",
        ),
    ):
        yard.ask(frame, "y", "regression", engine="torch", settings=settings, split=split)
        for column in yard.spec["columns"]:
            column["role"] = "ignored" if column["name"] in ("day", "shop") else column["role"]
        run = here(yard)
        assert run.code == 0
        # In the order of time nothing comes before the first part, so it judges nothing.
        assert run.report["rows"]["validation"] == judged and run.report["validated"].startswith(said)
        assert run.report["rows"]["train"] == (320 if split.get("folds") else 256)


@pytest.mark.parametrize("refused", ["text", "more epochs"])
def test_what_cannot_have_folds_is_refused(refused: str, yard: Yard, here: Here):
    if refused == "text":
        yard.ask(
            toxic_comments(60)[["comment", "toxic"]], "toxic", "binary", engine="torch", settings={"data": "text"},
            split={"folds": 3},
        )  # fmt: skip
    else:
        asked(yard, start_from="input/model.zip")
        (yard.work / "input" / "model.zip").write_bytes(b"")
    run = here(yard)
    assert run.code == 65 and run.failure["type"] == "BadSettings"
    assert ("Folds are for tables" if refused == "text" else "Train afresh with more epochs") in run.failure["message"]
