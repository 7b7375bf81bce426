"""The timer and the signal themselves, in this process: to the tenth of a second, whatever else the machine does."""

from __future__ import annotations

import json
import os
import signal
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from trainer.clock import Clock
from trainer.failures import Interrupted
from trainer.interruption import Interruption


@pytest.fixture(autouse=True)
def handlers_as_before() -> Iterator[None]:
    kept = {number: signal.getsignal(number) for number in (signal.SIGTERM, signal.SIGALRM)}
    yield
    for number, handler in kept.items():
        signal.signal(number, handler)


class Fit:
    def __init__(self, work: Path, seconds: float) -> None:
        self.work = work
        self.clock = Clock(work, seconds)
        self.broken_off = 0
        self.interruption = Interruption(self.clock, self._on_broken_off)
        self.interruption.listen()

    def _on_broken_off(self) -> None:
        self.broken_off += 1

    def move_deadline(self, seconds: float) -> None:
        (self.work / "deadline.json").write_text(json.dumps({"deadlineAtMs": int((time.time() + seconds) * 1000)}))


def test_the_deadline_breaks_into_a_fit(tmp_path: Path):
    fit = Fit(tmp_path, 1.0)
    began = time.monotonic()
    with pytest.raises(Interrupted), fit.interruption.allowed():
        time.sleep(30)
    assert 0.9 < time.monotonic() - began < 10
    assert fit.broken_off == 1 and not fit.clock.stop_asked and fit.clock.time_up


def test_a_later_deadline_is_taken_up_in_mid_fit(tmp_path: Path):
    fit = Fit(tmp_path, 1.0)
    with fit.interruption.allowed():
        fit.move_deadline(60)
        time.sleep(1.5)
    assert fit.broken_off == 0 and 50 < fit.clock.left() < 60


def test_grace_lets_a_fit_end_in_order(tmp_path: Path):
    fit = Fit(tmp_path, 0.5)
    with fit.interruption.allowed(grace_seconds=30):
        time.sleep(1)
    assert fit.broken_off == 0


def test_a_stop_breaks_in_at_once(tmp_path: Path):
    fit = Fit(tmp_path, 60)
    with pytest.raises(Interrupted), fit.interruption.allowed():
        os.kill(os.getpid(), signal.SIGTERM)
        time.sleep(30)
    assert fit.clock.stop_asked and fit.clock.left() == 0


def test_what_must_not_be_torn_is_finished_first(tmp_path: Path):
    fit = Fit(tmp_path, 60)
    written: list[str] = []
    with pytest.raises(Interrupted), fit.interruption.allowed():
        with fit.interruption.held_back():
            os.kill(os.getpid(), signal.SIGTERM)
            written.append("whole")
        written.append("never")
    assert written == ["whole"]


def test_a_stop_outside_a_fit_waits_for_the_next(tmp_path: Path):
    fit = Fit(tmp_path, 60)
    os.kill(os.getpid(), signal.SIGTERM)
    with pytest.raises(Interrupted), fit.interruption.allowed():
        pytest.fail("it was let in")


def test_the_signal_at_the_deadline_is_no_stop(tmp_path: Path):
    fit = Fit(tmp_path, 0.1)
    time.sleep(0.2)
    os.kill(os.getpid(), signal.SIGTERM)
    assert not fit.clock.stop_asked and fit.clock.time_up


@pytest.mark.parametrize("text", ["", "{", "[]", "{}", '{"deadlineAtMs": null}', '{"deadlineAtMs": "soon"}'])
def test_half_a_deadline_changes_nothing(tmp_path: Path, text: str):
    (tmp_path / "deadline.json").write_text(text)
    assert 55 < Clock(tmp_path, 60).left() <= 60
