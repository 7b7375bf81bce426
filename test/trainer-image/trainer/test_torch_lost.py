"""Each kind of task after its machine was lost: the same weights as if nothing had been."""

from __future__ import annotations

from typing import Any

import pandas as pd
import pytest
from lost_machine import lose_within, lost_and_moved
from tables import diabetes, toxic_comments, wine
from test_torch_resume import learned
from trainer_bench import Yard

pytestmark = pytest.mark.torch
SETTINGS = {"epochs": 8, "patience": 0, "batch_size": 2, "dropout": 0.2, "checkpoint_minutes": 0.01}


def comments() -> pd.DataFrame:
    frame = toxic_comments(300)[["comment", "toxic", "severe"]]
    kinds = frame["toxic"].astype(int) + 2 * frame["severe"].astype(int)
    return frame[["comment"]].assign(kind=kinds.map({0: "fine", 1: "toxic", 2: "severe", 3: "both"}))


CASES: dict[str, tuple[pd.DataFrame, str, str, dict[str, Any]]] = {
    "several classes": (wine(), "cultivar", "multiclass", {}),
    "a number": (diabetes(), "progression", "regression", {}),
    "texts of one label": (comments(), "kind", "multiclass", {"data": "text"}),
}


@pytest.mark.parametrize("case", CASES)
def test_comes_to_the_same_weights_after_the_loss(case: str, yard: Yard, tmp_path_factory: pytest.TempPathFactory):
    import torch  # pyright: ignore[reportMissingImports]

    frame, label, kind, settings = CASES[case]

    def asked(of: Yard) -> Yard:
        return of.ask(frame, label, kind, engine="torch", settings={**SETTINGS, **settings}, seconds=3000)

    undisturbed = asked(Yard(tmp_path_factory.mktemp("undisturbed"))).train()
    assert undisturbed.code == 0, undisturbed.log
    seconds = [event["value"] for event in undisturbed.of("metric") if event["name"] == "epoch_seconds"]
    other = lost_and_moved(asked(yard), lose_within(sum(seconds) / 2), tmp_path_factory.mktemp("other"))
    run = other.train()
    assert run.code == 0, run.log
    weights, curves = learned(run)
    expected, expected_curves = learned(undisturbed)
    assert curves == expected_curves and weights.keys() == expected.keys()
    assert all(torch.equal(weights[name], expected[name]) for name in expected)
    assert run.report["best"] == undisturbed.report["best"]
    # Work was taken over, not done again.
    again = [event["step"] for event in run.of("metric") if event["name"] == "train_loss"]
    assert len(again) < SETTINGS["epochs"] and run.report["resumed"]["label"].startswith("epoch ")
    better = run.report["metric"]["higherIsBetter"]
    best, baseline = run.report["best"]["test"], run.report["baseline"]["test"]
    assert best > baseline if better else best < baseline
    assert other.predict(frame.head(3), engine="torch").code == 0
