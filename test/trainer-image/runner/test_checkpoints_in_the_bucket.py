"""What a trainer kept outlives its machine, disk and all."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import time
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest
from runner_bench import Bench, eventually

from runner.bucket import FolderBucket
from runner.checkpoints import Checkpoints
from runner.journal import Journal
from runner.trying import ToldToEnd, Trying

FIRST = {"models/a": "first", "board.json": "[1]"}
SECOND = {"models/a": "first", "models/b": "second", "board.json": "[2]"}


def lose_the_machine(bench: Bench, process: subprocess.Popen[bytes]) -> None:
    os.killpg(process.pid, signal.SIGKILL)
    process.wait()
    eventually(lambda: not bench.marked(), "all gone")
    shutil.rmtree(bench.work)
    bench.work.mkdir()
    bench.spool = bench.spool.parent / "attempt-2"


def of(
    bucket: FolderBucket, said: list[Any], work: Path, attempt: int, told: Callable[[], bool] = lambda: False
) -> Checkpoints:
    journal = cast(Journal, SimpleNamespace(remark=said.append, event=said.append))
    return Checkpoints(bucket, journal, work, attempt, Trying(journal, told))


def next_attempt(bench: Bench) -> subprocess.Popen[bytes]:
    return bench.start("checkpoint", tells={"TRAINYARD_ATTEMPT": "2"}, checkpoints=[])


def found(bench: Bench) -> dict[str, str]:
    bench.until_logged("found")
    return json.loads(next(line for line in bench.log("out") if line.startswith("found"))[len("found ") :])


def test_the_next_machine_gets_the_newest_checkpoint(bench: Bench) -> None:
    process = bench.start("checkpoint", checkpoints=[FIRST, SECOND])
    eventually(lambda: len(bench.of("checkpoint")) == 2, "two checkpoints")
    assert [event["label"] for event in bench.of("checkpoint")] == ["epoch 1", "epoch 2"]
    lose_the_machine(bench, process)
    next_attempt(bench)
    assert found(bench) == SECOND
    assert any("goes on from “epoch 2” of attempt 1" in line for line in bench.log("machine"))


def test_what_did_not_change_is_kept_once_and_what_is_not_needed_any_more_goes(bench: Bench) -> None:
    bench.start("checkpoint", checkpoints=[FIRST, SECOND])
    eventually(lambda: len(bench.of("checkpoint")) == 2, "two checkpoints")
    texts = lambda: sorted(path.read_text() for path in (bench.bucket / "checkpoints" / "files").iterdir())  # noqa: E731
    eventually(lambda: texts() == ["[2]", "first", "second"], "only what the newest needs")


def test_a_checkpoint_is_told_of_only_when_it_is_in_the_bucket(bench: Bench) -> None:
    (bench.bucket / "checkpoints").write_text("in the way")
    process = bench.start("checkpoint", checkpoints=[FIRST])
    bench.until_logged("could not be uploaded", "machine")
    assert bench.of("checkpoint") == []
    (bench.bucket / "checkpoints").unlink()
    lose_the_machine(bench, process)
    next_attempt(bench)
    assert found(bench) == {}


def test_a_damaged_checkpoint_is_not_used(bench: Bench) -> None:
    process = bench.start("checkpoint", checkpoints=[FIRST])
    eventually(lambda: bench.of("checkpoint"), "a checkpoint")
    lose_the_machine(bench, process)
    damaged = next(path for path in (bench.bucket / "checkpoints" / "files").iterdir() if path.read_text() == "first")
    damaged.chmod(0o644)
    damaged.unlink()
    damaged.write_text("f1rst")
    next_attempt(bench)
    assert found(bench) == {}
    assert any("The training begins anew" in line for line in bench.log("machine"))


def test_no_name_leads_out_of_the_folder(bench: Bench) -> None:
    process = bench.start("checkpoint", checkpoints=[FIRST])
    eventually(lambda: bench.of("checkpoint"), "a checkpoint")
    lose_the_machine(bench, process)
    latest = bench.bucket / "checkpoints" / "latest.json"
    told = json.loads(latest.read_text())
    latest.write_text(json.dumps({**told, "files": {"../outside": next(iter(told["files"].values()))}}))
    next_attempt(bench)
    assert found(bench) == {}
    assert not (bench.work / "outside").exists()


def test_a_checkpoint_that_its_trainer_removes_meanwhile_is_sent_whole(tmp_path: Path) -> None:
    """An upload that takes longer than two further checkpoints must neither leave files out nor never come to its end."""
    folder = tmp_path / "work" / "checkpoints" / "3"
    folder.mkdir(parents=True)
    for name in ("a", "b", "c"):
        (folder / name).write_text(name)
    bucket = FolderBucket(tmp_path / "bucket")
    (tmp_path / "bucket").mkdir()
    put, said = bucket.put, []

    def slow(name: str, source: Path) -> None:
        shutil.rmtree(folder, ignore_errors=True)
        put(name, source)

    bucket.put = slow  # pyright: ignore[reportAttributeAccessIssue]
    checkpoints = of(bucket, said, tmp_path / "work", 1)
    checkpoints.take({"type": "checkpoint", "label": "epoch 3", "object": "3"})
    assert checkpoints.settle(10)
    assert said == [{"type": "checkpoint", "label": "epoch 3", "object": "checkpoints/latest.json"}]
    other = of(bucket, said, tmp_path / "other", 2)
    assert other.fetch() is not None
    assert sorted(path.name for path in (tmp_path / "other" / "resume").iterdir()) == ["a", "b", "c"]


class Away(FolderBucket):
    """A bucket that cannot be reached for the first `times` that a file is asked for."""

    def __init__(self, root: Path, times: float) -> None:
        super().__init__(root)
        self.times = times

    def get(self, name: str, to: Path) -> None:
        self.times -= 1
        if self.times >= 0:
            raise OSError("the network is away")
        super().get(name, to)


def kept_in(folder: Path) -> Path:
    bucket, work = folder / "bucket", folder / "first"
    bucket.mkdir()
    (work / "checkpoints" / "1").mkdir(parents=True)
    (work / "checkpoints" / "1" / "a").write_text("a")
    checkpoints = of(FolderBucket(bucket), [], work, 1)
    checkpoints.take({"type": "checkpoint", "label": "epoch 1", "object": "1"})
    assert checkpoints.settle(10)
    return bucket


def test_a_network_that_is_away_for_a_moment_costs_nothing(tmp_path: Path) -> None:
    said: list[Any] = []
    assert of(Away(kept_in(tmp_path), 2), said, tmp_path / "other", 2).fetch() is not None
    assert (tmp_path / "other" / "resume" / "a").read_text() == "a"
    assert said == ["a of the checkpoint cannot be fetched: the network is away. It is tried again."]


def test_a_machine_that_is_told_to_end_waits_for_no_checkpoint(tmp_path: Path) -> None:
    began = time.monotonic()
    told = lambda: time.monotonic() > began + 1.2  # noqa: E731
    with pytest.raises(ToldToEnd):
        of(Away(kept_in(tmp_path), float("inf")), [], tmp_path / "other", 2, told).fetch()
    assert time.monotonic() - began < 3
