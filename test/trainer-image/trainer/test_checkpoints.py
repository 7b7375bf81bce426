"""A machine may vanish at any second, disk and all: what was published before that is not lost."""

from __future__ import annotations

import json
import os
import signal
from pathlib import Path

import pytest
from lost_machine import lose_after, lost_and_moved, newest_checkpoint
from tables import SLOW, slow_table
from trainer_bench import Process, Yard
from whole_set import share_explained

from trainer.checkpoints import Checkpoints
from trainer.clock import Clock
from trainer.events import Events


def test_another_machine_goes_on_behind_what_was_finished(yard: Yard, tmp_path_factory: pytest.TempPathFactory):
    asked = yard.ask(slow_table(), "y", "binary", settings=SLOW, seconds=3000)
    other = lost_and_moved(asked, lose_after("NearestNeighbours"), tmp_path_factory.mktemp("other"))

    def stop(process: Process) -> None:
        process.wait_for(lambda event: "RandomForest" in event.get("sentence", ""))
        process.popen.send_signal(signal.SIGTERM)

    run = other.train(while_running=stop)
    assert run.code == 143, run.log
    assert not (other.work / "resume").exists()  # or it would lie on the disk twice
    assert run.models == []  # told by the attempt that fitted them
    assert [row["model"] for row in run.report["leaderboard"]][:2] == ["Linear", "NearestNeighbours"]
    assert not any("Fitting Linear" in event.get("sentence", "") for event in run.events)
    assert any("Going on from “NearestNeighbours”" in event.get("sentence", "") for event in run.events)
    assert run.report["best"]["model"] == "Linear"
    assert run.report["resumed"]["label"] == "NearestNeighbours"
    assert run.report["seconds"]["total"] > 0
    assert share_explained(other, slow_table(), "y") > 0.4


def test_a_checkpoint_is_whole_and_says_how_far_it_was(yard: Yard):
    run = yard.ask(slow_table().head(400), "y", "binary", settings={"algorithm": "linear"}).train()
    assert run.code == 0, run.log
    assert [event["label"] for event in run.of("checkpoint")] == ["Linear"]
    folder = newest_checkpoint(yard.work)
    assert folder is not None
    assert json.loads((folder / "checkpoint.json").read_text("utf-8"))["label"] == "Linear"
    assert (folder / "kept" / "pipeline.joblib").stat().st_size > 0
    assert json.loads((folder / "board.json").read_text("utf-8"))["rows"][-1]["model"] == "Linear"
    assert not list((yard.work / "checkpoints").glob(".*"))


def test_a_file_that_is_written_into_again_does_not_change_what_was_published(tmp_path: Path):
    scratch = tmp_path / "scratch"
    (scratch / "models").mkdir(parents=True)
    (scratch / "models" / "a").write_text("one")
    (scratch / "models" / "b").write_text("same")
    checkpoints = Checkpoints(tmp_path, scratch, Events(None), Clock(tmp_path, 60))
    checkpoints.publish("first", ["models"])
    with (scratch / "models" / "a").open("r+") as file:
        file.write("two")
    os.utime(scratch / "models" / "a", ns=(1, 1))
    checkpoints.publish("second", ["models"])
    first, second = tmp_path / "checkpoints" / "1", tmp_path / "checkpoints" / "2"
    assert ((first / "models" / "a").read_text(), (second / "models" / "a").read_text()) == ("one", "two")
    assert (first / "models" / "b").stat().st_ino == (second / "models" / "b").stat().st_ino
    checkpoints.publish("third", ["models"])
    assert not first.exists() and (tmp_path / "checkpoints" / "3" / "models" / "b").read_text() == "same"
