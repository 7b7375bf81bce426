"""Estimates of a whole training against what it took, within a factor that still tells minutes from hours."""

from __future__ import annotations

import resource
from typing import Any

import numpy as np
import pandas as pd
import pytest
from trainer_bench import Run, Yard

from trainer.checking import found_in, times_in

#: An estimate that is further off is no help.
FACTOR = 4
#: Of what is over in a moment nobody minds how many moments.
NEAR_SECONDS = 2.0


def made(rows: int, columns: int, kind: str) -> pd.DataFrame:
    random = np.random.default_rng(0)
    values = random.normal(size=(rows, columns))
    frame = pd.DataFrame(values, columns=[f"x{number}" for number in range(columns)])
    said = values[:, 0] + values[:, 1] * values[:, 2] + random.normal(size=rows)
    return frame.assign(y=said if kind == "regression" else np.where(said > 0, "yes", "no"))


def asked_of(yard: Yard, frame: pd.DataFrame, **size: Any) -> dict[str, Any] | None:
    told = {"rows": int(len(frame) * 0.8), "cells": frame.shape[1] - 1, "classes": 2, "cpus": 1, **size}
    raw = {**yard.spec, "size": told}
    (time,) = times_in(raw, found_in(raw, here=False))
    return time


def processor_seconds() -> float:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def taken(run: Run, before: float) -> float:
    """By the clock, or where others had the processors meanwhile, by what they did for it."""
    return min(float(run.report["seconds"]["total"]), processor_seconds() - before)


def compare(estimate: float, took: float) -> None:
    said = f"estimated {estimate:.1f} s, it took {took:.1f} s"
    assert took / FACTOR - NEAR_SECONDS <= estimate <= took * FACTOR + NEAR_SECONDS, said


@pytest.mark.parametrize(
    ("settings", "rows", "columns", "kind"),
    [
        ({"algorithm": "linear"}, 600, 10, "binary"),
        ({"algorithm": "extra_trees"}, 8000, 20, "binary"),
        ({"algorithm": "svm"}, 2500, 20, "binary"),
        ({"algorithm": "hist_gradient_boosting"}, 3000, 60, "regression"),
        ({"trees": 100}, 1500, 12, "regression"),
    ],
)
def test_an_estimate_for_scikit_learn_is_near_what_it_takes(
    settings: dict[str, Any], rows: int, columns: int, kind: str, yard: Yard
):
    frame = made(rows, columns, kind)
    yard.ask(frame, "y", kind, settings=settings, seconds=240)
    estimate = asked_of(yard, frame)
    assert estimate is not None and not estimate["fillsTime"] and estimate["firstSeconds"] <= estimate["seconds"]
    before = processor_seconds()
    run = yard.train()
    assert run.code == 0, run.log
    compare(estimate["seconds"], taken(run, before))


@pytest.mark.torch
@pytest.mark.parametrize(
    ("rows", "columns", "settings", "folds"),
    [
        (1000, 10, {"epochs": 20, "patience": 0}, 0),
        (20_000, 20, {"epochs": 20, "patience": 0}, 0),
        (20_000, 20, {"epochs": 10, "patience": 0}, 4),
        (1500, 256, {"data": "image", "epochs": 3, "patience": 0}, 0),
    ],
)
def test_an_estimate_for_torch_is_near_what_it_takes(
    rows: int, columns: int, settings: dict[str, Any], folds: int, yard: Yard
):
    frame = made(rows, columns, "binary")
    yard.ask(frame, "y", "binary", engine="torch", settings=settings, seconds=280, split={"folds": folds})
    estimate = asked_of(yard, frame, cpus=2)
    assert estimate is not None
    before = processor_seconds()
    run = yard.train()
    assert run.code == 0, run.log
    compare(estimate["seconds"], taken(run, before))


def estimates(yard: Yard, engine: str, *trials: dict[str, Any], folds: int = 0, **size: Any) -> list[Any]:
    yard.ask(made(40, 4, "binary"), "y", "binary", engine=engine, split={"folds": folds})
    told = {"rows": 100_000, "cells": 30, "classes": 2, "cpus": 4, **size}
    raw = {**yard.spec, "trials": list(trials), "size": told}
    return times_in(raw, found_in(raw, here=False))


def test_more_of_anything_takes_longer(yard: Yard):
    def of(settings: dict[str, Any], **size: Any) -> float:
        return estimates(yard, "sklearn", settings, **size)[0]["seconds"]

    forest = {"algorithm": "random_forest"}
    assert of(forest) < of(forest, rows=400_000) and of(forest) < of(forest, cells=300)
    assert of(forest) < of({**forest, "trees": 3000}) and of(forest, cpus=16) < of(forest)
    few, many = of({"algorithm": "svm"}, rows=4000), of({"algorithm": "svm"}, rows=40_000)
    assert many > 15 * few
    assert of({"algorithm": "hist_gradient_boosting"}, classes=20) > 3 * of({"algorithm": "hist_gradient_boosting"})

    def torch(settings: dict[str, Any], **asked: Any) -> float:
        return estimates(yard, "torch", settings, **asked)[0]["seconds"]

    assert torch({"epochs": 10, "patience": 0}) * 5 < torch({"epochs": 100, "patience": 0})
    assert torch({"epochs": 100, "patience": 5}) < torch({"epochs": 100, "patience": 0})
    assert torch({"epochs": 100}, folds=5) > 4 * torch({"epochs": 100})


@pytest.mark.parametrize("engine", ["autogluon", "h2o"])
def test_what_goes_on_until_its_time_is_over_says_so(engine: str, yard: Yard):
    assert estimates(yard, engine, {}) == [{"fillsTime": True, "seconds": None, "firstSeconds": None}]


def test_where_nobody_knows_nothing_is_said(yard: Yard):
    ours = {"algorithm": "tree", "hyperparameters": '{"max_leaf_nodes": 5}'}
    assert estimates(yard, "sklearn", ours, {"trees": -1}, {}, rows=1000)[:2] == [None, None]
    assert estimates(yard, "torch", {}, gpus=1) == [None]
    assert estimates(yard, "sklearn", {}, rows=0) == [None]
