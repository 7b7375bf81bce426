"""H2O stopped, killed and out of time at every place: the best is handed in, and no Java is left."""

from __future__ import annotations

import json
import os
import signal
import socket
import time
import urllib.error
import urllib.request
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from lost_machine import lost_and_moved
from trainer_bench import Process, Yard
from whole_set import share_explained

pytestmark = pytest.mark.h2o
# Each test starts a Java of its own that lives for seconds: what it would win by compiling well it never gets back.
os.environ.setdefault("JAVA_TOOL_OPTIONS", "-XX:TieredStopAtLevel=1 -XX:+UseSerialGC")
TREES = {"exclude": ["XGBoost", "DeepLearning", "StackedEnsemble"], "max_models": 0}
#: Two fits and the model itself, where H2O would make five and it.
TWO = {"folds": 2}


def java_of(work: Path) -> list[int]:
    """The Java processes that work in this folder, or did when it was there."""
    places = {str(work), f"{work} (deleted)"}
    found: list[int] = []
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                program, place = (entry / "cmdline").read_bytes().split(b"\0")[0], str((entry / "cwd").readlink())
            except OSError:
                continue
            if program.endswith(b"/java") and place in places:
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
    assert share_explained(yard, long_table(), "y", "h2o") > 0.3


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
    def kill_java(process: Process) -> None:
        process.wait_for_models(1)
        for pid in java_of(yard.work):
            os.kill(pid, signal.SIGKILL)

    run = yard.ask(long_table(), "y", "binary", engine="h2o", settings=TREES, seconds=100, split=TWO).train(
        while_running=kill_java
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
        # The one that watches, alone: what fits has to notice, and take Java along.
        process.popen.kill()
        assert gone(yard.work), "Java outlived its trainer"

    settings = {**TREES, "max_models": 2, "exclude": ["XGBoost", "DeepLearning"], "enough_log_loss": 0.0}
    asked = yard.ask(long_table(1500), "y", "binary", engine="h2o", settings=settings, seconds=100, split=TWO)
    other = lost_and_moved(asked, lose, tmp_path_factory.mktemp("other"))
    told = (other.work / "resume" / "kept" / "kept.json").read_text("utf-8")
    finished = [model["name"] for model in json.loads(told)["models"]]

    run = other.train()
    assert run.code == 0, run.log
    assert finished == ["GLM_1"] and run.models == ["GBM_1", "StackedEnsemble_All"]
    names = {row["model"] for row in run.report["leaderboard"] if not row["baseline"]}
    assert names == {"GLM_1", "GBM_1", "StackedEnsemble_All"}
    assert any("1 finished models were taken up from it: GLM_1" in warning for warning in run.report["warnings"])
    assert share_explained(other, long_table(1500), "y", "h2o") > 0.3


def test_java_is_gone_when_the_process_that_fits_is_killed(yard: Yard):
    def kill_worker(process: Process) -> None:
        process.wait_for(lambda event: "Fitting" in event.get("sentence", ""))
        assert java_of(yard.work)
        process.kill_workers()

    run = yard.ask(long_table(), "y", "binary", engine="h2o", settings=TREES, seconds=100, split=TWO).train(
        while_running=kill_worker
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
