"""Each kind of task after its machine was lost: the same weights as if nothing had been."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
import pytest
from digits import pictures, pixels
from lost_machine import lose_within, lost_and_moved
from tables import diabetes, toxic_comments, wine
from torch_weights import check_same, seconds_of
from trainer_bench import Yard
from whole_set import share_explained

pytestmark = pytest.mark.torch
SETTINGS = {"epochs": 8, "patience": 0, "batch_size": 2, "dropout": 0.2, "checkpoint_minutes": 0.01}
SIX = ["toxic", "severe", "obscene", "threat", "insult", "hate"]


def kinds_of_comments() -> pd.DataFrame:
    frame = toxic_comments(300)[["comment", "toxic", "severe"]]
    kinds = frame["toxic"].astype(int) + 2 * frame["severe"].astype(int)
    return frame[["comment"]].assign(kind=kinds.map({0: "fine", 1: "toxic", 2: "severe", 3: "both"}))


def scored_comments() -> pd.DataFrame:
    frame = toxic_comments(300)
    score = 2.0 * frame["toxic"] + frame["obscene"] + 0.5 * (frame["insult"] == "yes")
    return frame[["comment"]].assign(score=score)


def even_or_odd() -> pd.DataFrame:
    frame = pictures(400)
    number = frame.pop("digit").str[-1].astype(int)
    return frame.assign(parity=np.where(number % 2 == 0, "even", "odd"))


def even_and_large() -> pd.DataFrame:
    frame = pictures(400)
    number = frame.pop("digit").str[-1].astype(int)
    return frame.assign(even=number % 2 == 0, large=np.where(number > 4, "yes", "no"))


Case = tuple[Callable[[], pd.DataFrame], str | list[str], str, dict[str, Any]]
CASES: dict[str, Case] = {
    "several classes": (wine, "cultivar", "multiclass", {}),
    "a number": (diabetes, "progression", "regression", {}),
    "texts of one label": (kinds_of_comments, "kind", "multiclass", {"data": "text"}),
    "texts and a number": (scored_comments, "score", "regression", {"data": "text"}),
    "texts of six labels": (lambda: toxic_comments(400), SIX, "multilabel", {"preset": "toxicity"}),
    "images": (lambda: pixels(400), "digit", "multiclass", {"data": "image"}),
    "images of two classes": (even_or_odd, "parity", "binary", {}),
    "images of two labels": (even_and_large, ["even", "large"], "multilabel", {}),
}


@pytest.mark.parametrize("case", CASES)
def test_comes_to_the_same_weights_after_the_loss(case: str, yard: Yard, tmp_path_factory: pytest.TempPathFactory):
    make, label, kind, settings = CASES[case]
    frame = make()

    def asked(of: Yard) -> Yard:
        return of.ask(frame, label, kind, engine="torch", settings={**SETTINGS, **settings}, seconds=3000)

    undisturbed = asked(Yard(tmp_path_factory.mktemp("undisturbed"))).train()
    assert undisturbed.code == 0, undisturbed.log
    lose = lose_within(seconds_of(undisturbed) / 2)
    other = lost_and_moved(asked(yard), lose, tmp_path_factory.mktemp("other"))
    run = other.train()
    assert run.code == 0, run.log
    check_same(run, undisturbed)
    # Work was taken over, not done again.
    again = [event["step"] for event in run.of("metric") if event["name"] == "train_loss"]
    assert len(again) < SETTINGS["epochs"] or "step" in run.report["resumed"]["label"]
    assert run.report["resumed"]["label"].startswith("epoch ")
    better = run.report["metric"]["higherIsBetter"]
    best, baseline = run.report["best"]["test"], run.report["baseline"]["test"]
    assert best > baseline if better else best < baseline
    assert share_explained(other, frame, label, "torch") > 0.3
