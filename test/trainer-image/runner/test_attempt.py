from __future__ import annotations

import hashlib
import json
import os
import signal
from pathlib import Path

import pytest
from runner_bench import Bench

from runner.spool import decode


def test_tells_the_whole_story_in_order_and_hands_in_what_was_left(bench: Bench) -> None:
    events = bench.run("model")
    assert [event["seq"] for event in events] == list(range(1, len(events) + 1))
    assert events[0]["type"] == "hello"
    assert events[0]["cpus"] >= 1
    assert events[0]["memoryBytes"] > 0
    last = {key: value for key, value in events[-1].items() if key not in ("seq", "atMs")}
    assert last == {"type": "finished", "why": "completed", "hasResult": True, "sentence": "It ran to its end."}
    assert bench.log("out") == ["I am train ['--spec', 'input/spec.json', '--out', 'out/']"]
    assert bench.log("err") == ["a warning"]
    assert bench.of("metric")[0]["value"] is None
    done = json.loads((bench.bucket / "attempts/1/done.json").read_text())["files"]
    assert set(done) == {"model.zip", "manifest.json", "deep/more.txt"}
    for name, digest in done.items():
        assert hashlib.sha256((bench.bucket / "attempts/1/out" / name).read_bytes()).hexdigest() == digest


def test_leaves_a_copy_of_every_event_in_the_bucket(bench: Bench) -> None:
    events = bench.run("lines", count=25_000)
    uploaded = sorted((bench.bucket / "attempts/1/spool").iterdir())
    assert [path.name for path in uploaded] == [path.name for path in bench.segments()]
    assert len(uploaded) > 1
    assert [decode(line) for path in uploaded for line in path.read_bytes().splitlines(keepends=True)] == events
    assert [event["seq"] for event in events] == list(range(1, len(events) + 1))


def test_predicts_for_a_prediction(bench: Bench) -> None:
    events = bench.run("model", tells={"TRAINYARD_HOLDER_KIND": "prediction"}, predictions=True)
    assert bench.log("out")[0].startswith("I am predict")
    assert (events[-1]["type"], events[-1]["hasResult"]) == ("finished", True)


def test_beats_with_what_the_machine_is_doing(bench: Bench) -> None:
    process = bench.start("wait")
    bench.until_logged("waiting")
    bench.wish(stop=True)
    bench.finish(process)
    beat = bench.of("heartbeat")[-1]
    assert 0 <= beat["cpuPercent"] <= 100
    assert 0 < beat["memoryUsedBytes"] < beat["memoryTotalBytes"]
    assert 0 < beat["diskUsedBytes"] < beat["diskTotalBytes"]
    assert isinstance(beat["gpus"], list)


def test_takes_the_trainers_word_for_why_it_ended_by_itself(bench: Bench) -> None:
    assert bench.run("model", report={"why": "time_up"})[-1]["why"] == "time_up"


def test_passes_on_a_user_failure(bench: Bench) -> None:
    failure = {"type": "BadLabel", "message": "Column y has one value only."}
    last = bench.run("refuse", failure=failure, code=65)[-1]
    assert (last["type"], last["failure"], last["exitCode"]) == ("failed", failure, 65)
    assert json.loads((bench.bucket / "attempts/1/done.json").read_text()) == {"files": {}}


def test_makes_a_failure_from_the_exit_code_and_the_last_words(bench: Bench) -> None:
    last = bench.run("refuse", code=65)[-1]
    assert (last["failure"], last["exitCode"]) == ({"type": "BadData", "message": "the last words"}, 65)


def test_calls_a_crash_a_bug_with_its_last_words(bench: Bench) -> None:
    last = bench.run("crash")[-1]
    assert last["failure"]["type"] == "TrainerBug"
    assert "RuntimeError: it broke" in last["failure"]["message"]
    assert last["exitCode"] == 1


def test_a_trainer_that_something_killed_may_be_tried_elsewhere(bench: Bench) -> None:
    last = bench.run("die", signal=9)[-1]
    assert (last["failure"]["type"], last["exitCode"]) == ("MachineLost", 137)
    assert "SIGKILL" in last["failure"]["message"]


def test_says_when_the_engines_python_is_not_there(bench: Bench) -> None:
    last = bench.run("model", tells={"TRAINYARD_PYTHON": "/nowhere/python"})[-1]
    assert last["failure"]["type"] == "EngineUnavailable"
    assert "/nowhere/python" in last["failure"]["message"]


def test_brings_back_no_bucket_that_was_removed(bench: Bench) -> None:
    process = bench.start("wait")
    bench.until_logged("waiting")
    bench.bucket.rename(bench.bucket.with_name("removed"))
    (trainer,) = bench.marked()
    os.kill(trainer, signal.SIGTERM)
    bench.finish(process)
    assert bench.events()[-1]["failure"]["type"] == "CloudUnavailable"
    assert not bench.bucket.exists()


def test_shows_the_trainer_nothing_but_what_it_needs(bench: Bench) -> None:
    secrets = {"AWS_SECRET_ACCESS_KEY": "secret", "TRAINYARD_DATABASE_URL": "mysql://u:p@h/d", "OMP_NUM_THREADS": "2"}
    bench.run("tell_environment", tells={**secrets, "TMPDIR": "/tmp"})
    told = json.loads((bench.bucket / "attempts/1/out/environment.json").read_text())
    names = {"PATH", "HOME", "LANG", "TMPDIR", "OMP_NUM_THREADS", "PYTHONPATH", "TRAINYARD_MACHINE"}
    assert set(told["env"]) == {*names, "TRAINYARD_EVENTS_FD"}
    assert told["env"]["PYTHONPATH"] == str(Path(bench.environment["TRAINYARD_TRAINER_FOLDER"]).parent)
    assert told["cwd"] == str(bench.work)


@pytest.mark.parametrize("missing", ["TRAINYARD_MACHINE", "TRAINYARD_BUCKET", "TRAINYARD_DEADLINE_AT_MS"])
def test_names_the_variable_that_is_missing(bench: Bench, missing: str) -> None:
    process = bench.start("model", tells={missing: ""})
    assert process.wait(10) == 78
    assert missing in bench.console()
