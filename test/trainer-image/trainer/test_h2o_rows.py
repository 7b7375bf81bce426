"""Which rows H2O learns from and which judge it."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import numpy as np
import pandas as pd
import pytest
from trainer_bench import Yard

pytestmark = pytest.mark.h2o
FAST = {"exclude": ["GBM", "XGBoost", "DeepLearning", "StackedEnsemble"]}


def ordered_or_folded(**changes: Any) -> Any:
    """Rows as they are divided, without Java."""
    from trainer.engines.h2o.rows import Rows

    warnings: list[str] = []
    task = SimpleNamespace(is_classes=False)
    order = SimpleNamespace(
        settings={"sample_rows": 0}, frame=pd.DataFrame({"x": range(12)}), values=np.arange(12.0), seed=0,
        spec=SimpleNamespace(task=task, split=SimpleNamespace(folds=0)), folds=np.repeat([0, 1, 2], 4),
        ordered=False, weights=None, warn=warnings.append,
    )  # fmt: skip
    for name, value in changes.items():
        setattr(order, name, value)
    return Rows(order)  # pyright: ignore[reportArgumentType]


def test_folds_that_were_given_are_those_of_h2o():
    rows = ordered_or_folded()
    assert rows.fold_of.tolist() == [0] * 4 + [1] * 4 + [2] * 4
    assert rows.as_asked()["fold_column"] == "ty_fold" and not rows.by_time


def test_in_the_order_of_time_the_latest_rows_judge():
    rows = ordered_or_folded(ordered=True, weights=np.ones(12))
    assert rows.train.tolist() == list(range(8)) and rows.judged.tolist() == list(range(8, 12))
    asked = rows.as_asked()
    assert "fold_column" not in asked and asked["validation_frame"] == asked["leaderboard_frame"] == "judging_rows"
    assert asked["weights_column"] == "ty_weight"


def test_a_class_that_comes_up_late_does_not_stop_what_was_learned_before_it(yard: Yard):
    random = np.random.default_rng(0)
    day, size = np.arange(300), random.normal(size=300)
    kind = np.where(size > 0.3, "large", np.where(size < -0.3, "small", "middling"))
    kind[(day >= 190) & (day % 6 == 0)] = "late"
    frame = pd.DataFrame({"day": day, "size": size, "kind": kind})
    split = {"timeColumn": "day", "folds": 4}
    run = yard.ask(frame, "kind", "multiclass", engine="h2o", settings=FAST, split=split).train()
    assert run.code == 0, run.log
    assert run.models == ["GLM_1"] and run.report["rows"] == {"train": 180, "validation": 60, "test": 60}
    # Every sixth row or so of those that judge is of a class that it cannot say.
    assert 0.5 < run.report["scores"]["validation"]["accuracy"] < 0.9
