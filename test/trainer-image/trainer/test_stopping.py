"""Whatever ends a fit early, what it had finished is handed in, soon."""

from __future__ import annotations

import os
import signal
import time
from pathlib import Path

from tables import SLOW, breast_cancer, slow_table
from trainer_bench import Process, Yard


def test_a_stop_keeps_the_best_so_far(yard: Yard):
    asked_at = 0.0

    def stop(process: Process) -> None:
        nonlocal asked_at
        process.wait_for(lambda event: "RandomForest" in event.get("sentence", ""))
        asked_at = time.monotonic()
        process.popen.send_signal(signal.SIGTERM)

    run = yard.ask(slow_table(), "y", "binary", settings=SLOW, seconds=3000).train(while_running=stop)
    took = time.monotonic() - asked_at
    assert run.code == 143, run.log
    assert took < 25  # seconds where the machine is idle; the bound is for one where eight others work
    assert run.models == ["Linear", "NearestNeighbours"]
    assert run.report["why"] == "stop_asked" and run.report["best"]["model"] == "Linear"
    assert run.events[-1]["why"] == "stop_asked"
    assert (run.out / "model.zip").is_file() and not list(yard.work.glob("*.scratch"))
    assert yard.predict(slow_table().head(5)).code == 0


def test_a_fit_that_does_not_listen_is_ended_and_what_it_finished_is_kept(yard: Yard):
    def stop(process: Process) -> None:
        process.wait_for(lambda event: "RandomForest" in event.get("sentence", ""))
        for worker in process.workers():
            os.kill(worker, signal.SIGSTOP)  # answers no signal, as native code in a long loop does not
        process.popen.send_signal(signal.SIGTERM)

    run = yard.ask(slow_table(), "y", "binary", settings=SLOW, seconds=3000).train(while_running=stop)
    assert run.code == 143, run.log
    assert run.report["why"] == "stop_asked" and run.report["best"]["model"] == "Linear"
    assert [row["model"] for row in run.report["leaderboard"]][:2] == [
        "Linear",
        "NearestNeighbours",
    ]
    assert len(run.of("leaderboard")) == 3  # told once each, though a second process put it together


def test_a_fit_that_is_killed_hands_in_what_it_finished(yard: Yard):
    def kill(process: Process) -> None:
        process.wait_for(lambda event: "RandomForest" in event.get("sentence", ""))
        for worker in process.workers():
            os.kill(worker, signal.SIGKILL)

    run = yard.ask(slow_table(), "y", "binary", settings=SLOW, seconds=3000).train(while_running=kill)
    assert run.code == 0, run.log
    assert run.report["best"]["model"] == "Linear" and run.report["why"] == "completed"
    assert any("lack of memory" in warning for warning in run.report["warnings"])


def test_killed_before_a_first_model_it_says_that_memory_was_short(yard: Yard):
    def kill(process: Process) -> None:
        process.wait_for(lambda event: "Fitting" in event.get("sentence", ""))
        for worker in process.workers():
            os.kill(worker, signal.SIGKILL)

    settings = {"algorithm": "random_forest", "trees": 5000}
    run = yard.ask(slow_table(), "y", "binary", settings=settings, seconds=3000).train(while_running=kill)
    assert run.code == 75
    assert run.failure["type"] == "OutOfMemory"


def test_stopped_before_a_first_model_it_leaves_nothing(yard: Yard):
    def stop(process: Process) -> None:
        process.wait_for(lambda event: "Fitting" in event.get("sentence", ""))
        process.popen.send_signal(signal.SIGTERM)

    settings = {"algorithm": "random_forest", "trees": 5000}
    run = yard.ask(slow_table(), "y", "binary", settings=settings, seconds=3000).train(while_running=stop)
    assert run.code == 143
    assert not run.of("failed") and not any(run.out.iterdir())


def test_at_the_deadline_it_hands_in_by_itself(yard: Yard):
    run = yard.ask(slow_table(), "y", "binary", settings=SLOW, seconds=10).train()
    assert run.code == 0, run.log
    assert run.report["why"] == "time_up"
    assert run.report["seconds"]["total"] < 10 + 15
    assert "Linear" in run.models and "GradientBoosting" not in run.models


def test_too_little_time_for_any_model_is_said(yard: Yard):
    settings = {"algorithm": "random_forest", "trees": 5000}
    run = yard.ask(slow_table(), "y", "binary", settings=settings, seconds=6).train()
    assert run.code == 65, run.log
    assert run.failure["type"] == "TooLittleTime" and "more time" in run.failure["message"]


def test_the_worker_does_not_outlive_its_parent(yard: Yard):
    workers: list[int] = []

    def kill_parent(process: Process) -> None:
        process.wait_for(lambda event: "RandomForest" in event.get("sentence", ""))
        workers.extend(process.workers())
        process.popen.kill()

    run = yard.ask(slow_table(), "y", "binary", settings=SLOW, seconds=3000).train(while_running=kill_parent)
    assert run.code == -signal.SIGKILL and workers
    until = time.monotonic() + 10
    while time.monotonic() < until and any(Path(f"/proc/{pid}").exists() for pid in workers):
        time.sleep(0.05)
    assert not any(Path(f"/proc/{pid}").exists() for pid in workers)


def test_a_stop_during_the_report_does_not_lose_it(yard: Yard):
    def stop(process: Process) -> None:
        process.wait_for(lambda event: "Judging" in event.get("sentence", ""))
        process.popen.send_signal(signal.SIGTERM)

    run = yard.ask(breast_cancer(), "diagnosis", "binary", settings={"algorithm": "linear"}).train(while_running=stop)
    assert run.code == 0, run.log
    assert (run.out / "model.zip").is_file() and run.report["why"] == "completed"
