"""How much time is left, as it is told."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path

import pytest
from tables import iris
from trainer_bench import Run, Yard

from trainer.clock import Clock


def test_estimates_by_the_steps_that_are_done_and_never_beyond_the_limit(tmp_path: Path) -> None:
    clock = Clock(tmp_path, 100)
    assert clock.estimate(0, 4, time.time()) is None
    assert clock.estimate(2, 4, time.time() - 10) == pytest.approx(10, abs=0.5)
    assert clock.estimate(1, 4, time.time() - 90) == pytest.approx(100, abs=0.5)
    assert clock.estimate(5, 4, time.time() - 10) is None


def test_tells_no_time_before_a_model_was_fitted_and_never_more_than_is_left(
    yard: Yard, here: Callable[[Yard], Run]
) -> None:
    run = here(yard.ask(iris(), "species", "multiclass"))
    told = run.of("progress")
    fitting = [event["secondsLeft"] for event in told if event["sentence"].startswith("Fitting")]
    assert told[0]["secondsLeft"] is None and fitting[0] is None
    assert len(fitting) > 1 and all(0 <= left <= 60 for left in fitting[1:])
