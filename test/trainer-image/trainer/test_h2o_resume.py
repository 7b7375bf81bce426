"""H2O on a machine that vanishes at any second, disk and all: what was finished is there, for every task, and no Java is left."""

from __future__ import annotations

import os

import numpy as np
import pandas as pd
import pytest
from lost_work import check_bounded, check_taken_up, lose_machine
from tables import SAMPLES, sample
from test_h2o_broken_off import gone
from trainer_bench import Yard
from whole_set import share_explained

pytestmark = pytest.mark.h2o
# Each test starts a Java of its own that lives for seconds: what it would win by compiling well it never gets back.
os.environ.setdefault("JAVA_TOOL_OPTIONS", "-XX:TieredStopAtLevel=1 -XX:+UseSerialGC")
#: A linear model and two of trees; XGBoost spins on busy machines.
SETTINGS = {"exclude": ["XGBoost", "DeepLearning", "StackedEnsemble"], "max_models": 3}


def some_digits() -> pd.DataFrame:
    """Three that look alike, as columns of pixels."""
    with np.load(SAMPLES / "digits.npz") as arrays:
        images, labels = (arrays[name] for name in sorted(arrays.files, key=lambda name: -arrays[name].ndim))
    frame = pd.DataFrame(images.reshape(len(images), -1)).rename(columns=lambda number: f"pixel{number}")
    return frame.assign(digit=labels.astype("int64")).loc[np.isin(labels, (1, 7, 9))].head(300).reset_index(drop=True)


TASKS = {"multiclass": (some_digits, "digit"), "regression": (lambda: sample("diabetes"), "progression")}


@pytest.mark.parametrize("kind", TASKS)
def test_goes_on_behind_what_was_finished_wherever_it_was_lost(kind: str, tmp_path_factory: pytest.TempPathFactory):
    make, label = TASKS[kind]
    first = Yard(tmp_path_factory.mktemp("first"))
    asked = first.ask(make(), label, kind, engine="h2o", settings=SETTINGS, seconds=160, split={"folds": 2})
    work = first.work.resolve()
    lost = lose_machine(asked, tmp_path_factory.mktemp("second"), models=3, most_seconds=2)
    assert gone(work), "Java outlived its trainer"

    run = lost.other.train()
    assert run.code == 0, run.log
    assert gone(lost.other.work.resolve())
    check_bounded(lost, run)
    check_taken_up(lost, run)
    report = run.report
    names = [row["model"] for row in report["leaderboard"] if not row["baseline"]]
    assert sorted(names) == sorted([*lost.kept, *run.models]) and len(names) == 3
    better = 1 if report["metric"]["higherIsBetter"] else -1
    assert better * report["best"]["test"] > better * report["baseline"]["test"]

    assert share_explained(lost.other, make(), label, "h2o") > (0.2 if kind == "regression" else 0.9)
