from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from itertools import islice

import pytest
from tables import breast_cancer, diabetes, iris
from trainer_bench import Run, Yard

from trainer.contract import SettingValue
from trainer.engines.sklearn import DECLARATION, VARIED
from trainer.engines.sklearn.candidates import Candidate, variations

Here = Callable[[Yard], Run]


@pytest.fixture
def earlier(yard: Yard, here: Here) -> Run:
    run = here(yard.ask(diabetes(), "progression", "regression", settings={"algorithm": "extra_trees", "trees": 20}))
    assert run.code == 0
    run.out = run.out.rename(yard.work / "earlier")
    shutil.copy(run.out / "model.zip", yard.work / "input" / "model.zip")
    shutil.rmtree(yard.work / "scratch")
    return run


def again(yard: Yard, **changes: object) -> Yard:
    settings = {"algorithm": "extra_trees", "trees": 20}
    changes = {
        "settings": settings,
        "seconds": 6,
        "start_from": "input/model.zip",
        **changes,
    }
    return yard.ask(diabetes(), "progression", "regression", **changes)


def test_goes_on_from_the_best_and_tries_further_models(earlier: Run, yard: Yard, here: Here):
    run = here(again(yard))
    assert run.code == 0
    assert run.models[0] == "ExtraTrees" and len(run.models) > 3
    before, after = earlier.report["best"], run.report["best"]
    assert after["validation"] <= before["validation"]
    assert run.report["rows"]["test"] == earlier.report["rows"]["test"]


@pytest.mark.parametrize("algorithm", VARIED)
def test_what_is_varied_is_what_is_declared_and_nothing_that_a_person_fixed(algorithm: str):
    def drawn(**hyperparameters: object) -> list[Candidate]:
        given = json.dumps(hyperparameters) if hyperparameters else ""
        settings: dict[str, SettingValue] = {"algorithm": algorithm, "hyperparameters": given}
        return list(islice(variations(DECLARATION.settled(settings, "regression"), [], 0), 8))

    free, first = drawn(), VARIED[algorithm][0]
    for name in VARIED[algorithm]:
        assert len({str(one.parameters[name]) for one in free}) > 1
    own = {"svm": "C"}.get(algorithm, "alpha") if first == "regularisation" else first
    fixed = drawn(**{own: 0.25})
    assert {one.parameters[own] for one in fixed} == (set() if len(VARIED[algorithm]) == 1 else {0.25})


def test_the_earlier_best_competes_with_the_score_it_had(earlier: Run, yard: Yard, here: Here):
    run = here(again(yard))
    row = next(row for row in run.report["leaderboard"] if row["model"] == "ExtraTrees")
    assert row["validation"] == pytest.approx(earlier.report["best"]["validation"])


def test_the_held_out_rows_stay_those_that_it_has_not_seen(earlier: Run, yard: Yard, here: Here):
    run = here(again(yard, split={"seed": 5}))
    assert run.code == 0 and run.report["seed"] == 0
    assert any("so that the held-out rows stay unseen" in warning for warning in run.report["warnings"])


def test_other_rows_are_refused(earlier: Run, yard: Yard, here: Here):
    asked = again(yard)
    asked.put(diabetes().head(300))
    run = here(asked)
    assert run.code == 65
    assert run.failure["type"] == "BadSettings" and "learned from other rows" in run.failure["message"]


@pytest.mark.parametrize("weight", ["bmi", None])
def test_other_weights_are_refused(yard: Yard, here: Here, weight: str | None):
    def asked(weight: str | None, **changes: object) -> Yard:
        settings = {"algorithm": "linear"}
        yard.ask(diabetes(), "progression", "regression", settings=settings, seconds=6, **changes)
        for column in yard.spec["columns"]:
            column["role"] = "ignored" if column["name"] in ("age", "bmi") else column["role"]
        yard.spec["weight"] = weight
        return yard

    first = here(asked("age"))
    assert first.code == 0
    shutil.copy(first.out / "model.zip", yard.work / "input" / "model.zip")
    run = here(asked(weight, start_from="input/model.zip"))
    assert run.code == 65
    assert run.failure["type"] == "BadSettings" and "other weights" in run.failure["message"]


def test_another_task_is_refused(earlier: Run, yard: Yard, here: Here):
    run = here(yard.ask(iris(), "species", "multiclass", start_from="input/model.zip"))
    assert run.code == 65 and "predicts something else" in run.failure["message"]


def test_another_engine_is_refused(earlier: Run, yard: Yard, here: Here):
    run = here(
        yard.ask(
            breast_cancer(),
            "diagnosis",
            "binary",
            engine="autogluon",
            start_from="input/model.zip",
        )
    )
    assert run.code == 65 and "made by sklearn" in run.failure["message"]
