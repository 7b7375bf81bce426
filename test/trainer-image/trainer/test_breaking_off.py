"""A fit that raises in the middle hands in what it had finished, as one that is killed does."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from tables import breast_cancer
from trainer_bench import Run, Yard

#: Raises when a model is told of, in the process that fits: outside of what an engine takes for a model that failed.
_RAISING = """
import sys
from trainer.board import Board

add = Board.add

def raising(self, model, *told, **further):
    if model == "{model}" and "--finish" not in sys.argv:
        raise {error}
    add(self, model, *told, **further)

Board.add = raising
"""


def _breaking_off(yard: Yard, model: str, error: str) -> Run:
    yard.ahead = yard.work / "ahead"
    yard.ahead.mkdir()
    (yard.ahead / "sitecustomize.py").write_text(_RAISING.format(model=model, error=error), "utf-8")
    return yard.ask(breast_cancer(), "diagnosis", "binary", settings={"algorithm": "auto", "trees": 20}).train()


def test_short_of_memory_in_mid_fit_it_hands_in_what_it_finished(yard: Yard):
    run = _breaking_off(yard, "RandomForest", "MemoryError")
    assert run.code == 0, run.log
    assert run.models[:2] == ["Linear", "NearestNeighbours"] and not run.of("failed")
    assert run.report["why"] == "completed" and run.report["best"]["model"] == "Linear"
    warning = next(warning for warning in run.report["warnings"] if "lack of memory" in warning)
    assert "what was finished was kept" in warning and "a machine with more memory" in warning
    assert yard.predict(breast_cancer().head(5)).code == 0


def test_a_bug_in_mid_fit_costs_no_finished_model_and_is_told(yard: Yard):
    run = _breaking_off(yard, "RandomForest", "ValueError('no such leaf')")
    assert run.code == 0, run.log
    assert run.report["best"]["model"] == "Linear" and not run.of("failed")
    assert any("broke off" in warning and "no such leaf" in warning for warning in run.report["warnings"])


def test_short_of_memory_before_a_first_model_it_fails(yard: Yard):
    run = _breaking_off(yard, "Linear", "MemoryError")
    assert run.code == 75, run.log
    assert run.failure["type"] == "OutOfMemory" and not any(run.out.iterdir())


@pytest.mark.parametrize(
    ("error", "said"),
    [(MemoryError(), "the memory was not enough for it"), (ValueError("no such leaf"), "no such leaf")],
)
def test_a_candidate_that_raises_is_left_out_and_the_others_are_fitted(
    yard: Yard, here: Callable[[Yard], Run], monkeypatch: pytest.MonkeyPatch, error: Exception, said: str
):
    _forest_raises(monkeypatch, error)
    run = here(yard.ask(breast_cancer(), "diagnosis", "binary", settings={"algorithm": "auto", "trees": 20}))
    assert run.code == 0, run.events[-1]
    assert run.models == ["Linear", "NearestNeighbours", "ExtraTrees", "GradientBoosting"]
    assert any(
        warning.startswith("RandomForest was left out") and said in warning for warning in run.report["warnings"]
    )


@pytest.mark.parametrize(
    ("error", "code", "kind"), [(MemoryError(), 75, "OutOfMemory"), (ValueError("no such leaf"), 70, "TrainerBug")]
)
def test_the_only_candidate_that_raises_fails_the_training(
    yard: Yard, here: Callable[[Yard], Run], monkeypatch: pytest.MonkeyPatch, error: Exception, code: int, kind: str
):
    _forest_raises(monkeypatch, error)
    run = here(yard.ask(breast_cancer(), "diagnosis", "binary", settings={"algorithm": "random_forest"}))
    assert run.code == code and run.failure["type"] == kind


def _forest_raises(monkeypatch: pytest.MonkeyPatch, error: Exception) -> None:
    from sklearn.ensemble import RandomForestClassifier

    def raising(*_given: object, **_named: object) -> None:
        raise error

    monkeypatch.setattr(RandomForestClassifier, "fit", raising)
