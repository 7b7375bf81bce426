from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from runner_bench import Bench, eventually, is_alive

from runner.processes import list_processes, parse_ps

linux_only = pytest.mark.skipif(sys.platform != "linux", reason="adopting orphans needs Linux")


def guard_of(runner: int) -> int:
    found = [process.pid for process in list_processes("") if process.parent == runner and process.group == process.pid]
    return next(pid for pid in found if b"guard.py" in Path(f"/proc/{pid}/cmdline").read_bytes())


def test_a_killed_runner_takes_the_trainer_and_all_below_it_along(bench: Bench) -> None:
    process = bench.start("family")
    family = bench.until_family()
    assert all(map(is_alive, family))
    process.kill()
    process.wait()
    eventually(lambda: not any(map(is_alive, family)), "the end of the family")


@linux_only
def test_the_trainer_dies_with_the_runner_even_without_a_guard(bench: Bench) -> None:
    process = bench.start("wait")
    bench.until_logged("waiting")
    (trainer,) = bench.marked()
    os.kill(process.pid, signal.SIGSTOP)  # so that it cannot start a new guard
    os.kill(guard_of(process.pid), signal.SIGKILL)
    process.kill()
    process.wait()
    eventually(lambda: not is_alive(trainer), "the end of the trainer")


@linux_only
def test_nobody_outlives_the_trainer_wherever_they_hid(bench: Bench) -> None:
    bench.run("family", ends=True)
    family = bench.until_family()
    assert len(family) == 6
    assert not any(map(is_alive, family))
    assert bench.events()[-1]["type"] == "finished"


@linux_only
def test_a_dead_guard_is_replaced(bench: Bench) -> None:
    process = bench.start("family")
    family = bench.until_family()
    os.kill(guard_of(process.pid), signal.SIGKILL)
    eventually(lambda: any("a new one" in line for line in bench.log("machine")), "a new guard")
    process.kill()
    process.wait()
    eventually(lambda: not any(map(is_alive, family)), "the end of the family")


def test_leaves_no_process_of_its_own_behind(bench: Bench) -> None:
    bench.run("model")
    marks = f"TRAINYARD_MACHINE={bench.machine}"
    told = subprocess.run(["ps", "axeww", "-o", "pid=,command="], capture_output=True, text=True, check=True).stdout
    assert [line for line in told.splitlines() if marks in line] == []


def test_finds_the_trainers_processes_without_proc(bench: Bench) -> None:
    process = bench.start("family")
    bench.until_family()
    told = subprocess.run(
        ["ps", "axeww", "-o", "pid=,ppid=,pgid=,state=,command="], capture_output=True, text=True, check=True
    ).stdout
    found = parse_ps(told, bench.machine)
    by_ps = {one.pid for one in found if one.marked}
    assert by_ps == set(bench.marked())
    assert process.pid not in by_ps
    assert any(one.pid == process.pid and one.parent == os.getpid() for one in found)
