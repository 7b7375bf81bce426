from __future__ import annotations

import os
import signal
import time

import pytest
from runner_bench import Bench, eventually, is_alive, now_ms


def test_stops_when_asked_and_keeps_the_best(bench: Bench) -> None:
    process = bench.start("wait")
    bench.until_logged("waiting")
    bench.wish(stop=True, deadlineAtMs=now_ms() + 600_000)
    bench.finish(process)
    last = bench.events()[-1]
    assert (last["type"], last["why"], last["hasResult"]) == ("finished", "stop_asked", True)
    assert "kept the best" in bench.log("out")


def test_starts_nothing_when_already_asked_to_stop(bench: Bench) -> None:
    bench.wish(stop=True)
    last = bench.run("model")[-1]
    assert (last["why"], last["hasResult"]) == ("stop_asked", False)
    assert bench.log("out") == []


def test_stops_at_the_deadline(bench: Bench) -> None:
    last = bench.run("wait", tells={"TRAINYARD_DEADLINE_AT_MS": str(now_ms() + 2500)})[-1]
    assert (last["why"], last["hasResult"]) == ("time_up", True)
    assert last["sentence"] == "The time limit was reached; the best so far was kept."


@pytest.mark.parametrize("result", [True, False])
def test_kills_a_trainer_that_does_not_listen_and_keeps_what_it_had_finished(bench: Bench, result: bool) -> None:
    process = bench.start("deaf", tells={"TRAINYARD_GRACE_SECONDS": "0.5"}, result=result)
    bench.until_logged("waiting")
    bench.wish(stop=True)
    bench.finish(process)
    last = bench.events()[-1]
    assert (last["type"], last["why"], last["hasResult"]) == ("finished", "stop_asked", result)
    assert any("is killed" in line for line in bench.log("machine"))
    assert (bench.bucket / "attempts/1/out/model.zip").exists() is result


def test_goes_on_until_a_later_deadline_and_tells_the_trainer(bench: Bench) -> None:
    first, later = now_ms() + 2500, now_ms() + 3500
    process = bench.start("tell_deadline", tells={"TRAINYARD_DEADLINE_AT_MS": str(first)})
    bench.until_logged(f"deadline {first}")
    bench.wish(stop=False, deadlineAtMs=later)
    bench.until_logged(f"deadline {later}")
    bench.finish(process)
    last = bench.events()[-1]
    assert last["why"] == "time_up"
    assert last["atMs"] >= later


def test_survives_a_wish_it_does_not_understand(bench: Bench) -> None:
    process = bench.start("wait")
    bench.until_logged("waiting")
    bench.wish()
    (bench.bucket / "control/attempt-1.json").write_text("no json at all")
    eventually(lambda: any("not understood" in line for line in bench.log("machine")), "the remark")
    bench.wish(stop=True)
    bench.finish(process)
    assert bench.events()[-1]["why"] == "stop_asked"


def test_says_no_last_word_when_the_machine_itself_is_ended(bench: Bench) -> None:
    process = bench.start("family")
    family = bench.until_family()
    process.terminate()
    assert process.wait(10) == -signal.SIGTERM
    eventually(lambda: not any(map(is_alive, family)), "the end of the family")
    assert bench.of("finished") == bench.of("failed") == []


def test_a_trainer_told_to_end_right_before_its_runner_ends_no_attempt(bench: Bench) -> None:
    process = bench.start("wait")
    bench.until_logged("waiting")
    (trainer,) = bench.marked()
    os.kill(trainer, signal.SIGTERM)
    time.sleep(0.1)
    process.terminate()
    assert process.wait(10) == -signal.SIGTERM
    assert bench.of("finished") == bench.of("failed") == []


def test_ends_itself_when_nobody_ended_the_machine(bench: Bench) -> None:
    process = bench.start("family", tells={"TRAINYARD_ENDS_AT_MS": str(now_ms() - 8_000)})
    family = bench.until_family()
    assert process.wait(10) == 124
    assert bench.of("finished") == bench.of("failed") == []
    eventually(lambda: not any(map(is_alive, family)), "the end of the family")
