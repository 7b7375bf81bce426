from __future__ import annotations

import signal
from dataclasses import replace

import pytest

from runner.spool import Event
from runner.verdict import TrainerEnd, judge

DONE = TrainerEnd(
    exit_code=0,
    asked=None,
    notice=None,
    killed=False,
    has_result=True,
    failed=None,
    finished=None,
    reported_why=None,
    last_errors=[],
    memory_was_full=False,
    out_of_memory_kills=0,
)


def failed_by_trainer(type: str) -> Event:
    return {"type": "failed", "failure": {"type": type, "message": "so it says"}}


def type_of(end: TrainerEnd) -> str:
    return judge(end)["failure"]["type"]


def test_sudden_death_with_full_memory_is_out_of_memory() -> None:
    assert type_of(replace(DONE, exit_code=-signal.SIGKILL, has_result=False, memory_was_full=True)) == "OutOfMemory"


def test_sudden_death_when_the_kernel_counted_a_kill_is_out_of_memory() -> None:
    assert type_of(replace(DONE, exit_code=-signal.SIGKILL, out_of_memory_kills=1)) == "OutOfMemory"


def test_a_worker_killed_for_memory_under_a_crashing_trainer_is_out_of_memory() -> None:
    assert type_of(replace(DONE, exit_code=1, out_of_memory_kills=1)) == "OutOfMemory"


def test_a_kill_of_ours_is_never_out_of_memory() -> None:
    end = replace(DONE, exit_code=-9, asked="time_up", killed=True, memory_was_full=True, out_of_memory_kills=1)
    assert judge(end)["type"] == "finished"


def test_sudden_death_with_room_in_memory_is_a_bug() -> None:
    verdict = judge(replace(DONE, exit_code=-signal.SIGSEGV, last_errors=["Fatal: oh"]))
    assert verdict["failure"]["type"] == "TrainerBug"
    assert "SIGSEGV" in verdict["failure"]["message"]
    assert "Fatal: oh" in verdict["failure"]["message"]
    assert verdict["exitCode"] == 128 + signal.SIGSEGV


@pytest.mark.parametrize("code", [0, 143, -signal.SIGTERM])
@pytest.mark.parametrize("has_result", [True, False])
def test_ending_as_asked_is_finished_with_or_without_a_result(code: int, has_result: bool) -> None:
    verdict = judge(replace(DONE, exit_code=code, asked="stop_asked", has_result=has_result))
    assert (verdict["type"], verdict["why"], verdict["hasResult"]) == ("finished", "stop_asked", has_result)


def test_too_little_time_at_the_deadline_is_finished_without_a_result() -> None:
    end = replace(DONE, exit_code=65, asked="time_up", has_result=False, failed=failed_by_trainer("TooLittleTime"))
    verdict = judge(end)
    assert (verdict["type"], verdict["hasResult"], verdict["sentence"]) == ("finished", False, "so it says")


def test_bad_data_is_said_though_a_stop_was_asked() -> None:
    end = replace(DONE, exit_code=65, asked="stop_asked", has_result=False, failed=failed_by_trainer("BadData"))
    assert type_of(end) == "BadData"


def test_the_trainers_own_failure_beats_the_exit_code() -> None:
    assert type_of(replace(DONE, exit_code=75, failed=failed_by_trainer("OutOfMemory"))) == "OutOfMemory"
    assert type_of(replace(DONE, exit_code=0, failed=failed_by_trainer("BadLabel"))) == "BadLabel"


def test_exit_codes_speak_where_nobody_else_does() -> None:
    silent = replace(DONE, has_result=False)
    assert [type_of(replace(silent, exit_code=code)) for code in (0, 1, 65, 70, 75, 143)] == [
        "TrainerBug",
        "TrainerBug",
        "BadData",
        "TrainerBug",
        "EngineUnavailable",
        "TrainerBug",
    ]


def test_stopped_by_somebody_on_the_machine_keeps_the_best() -> None:
    assert judge(replace(DONE, exit_code=143))["why"] == "stop_asked"


TAKEN = replace(
    DONE, asked="preempted", notice="Google takes this machine back.", exit_code=143, reported_why="stop_asked"
)


@pytest.mark.parametrize("end", [TAKEN, replace(TAKEN, killed=True, has_result=False, exit_code=-9)])
def test_a_machine_that_is_taken_away_ends_its_attempt_and_not_the_job(end: TrainerEnd) -> None:
    assert judge(end)["failure"] == {"type": "MachinePreempted", "message": "Google takes this machine back."}


def test_what_was_through_when_the_notice_came_stands() -> None:
    assert judge(replace(TAKEN, exit_code=0, reported_why="completed"))["why"] == "completed"


def test_data_that_the_trainer_refuses_is_refused_on_a_machine_that_is_taken_away_too() -> None:
    end = replace(TAKEN, exit_code=65, has_result=False, failed=failed_by_trainer("BadLabel"))
    assert type_of(end) == "BadLabel"
