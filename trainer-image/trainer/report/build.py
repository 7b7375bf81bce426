"""Judges the winner once on the held-out rows and gathers all that the report says."""

from __future__ import annotations

import platform
import time
from importlib.metadata import PackageNotFoundError, version
from typing import Any

from trainer import __version__
from trainer.baseline import Baseline, verdict
from trainer.events import finite
from trainer.fitting import Fitted, Order
from trainer.inputs import Inputs
from trainer.report.findings import confusion, curves, residuals
from trainer.report.importance import permutation_importance

_TOLD = (
    "torch",
    "scikit-learn",
    "autogluon.tabular",
    "lightgbm",
    "xgboost-cpu",
    "xgboost",
    "catboost",
    "pandas",
    "numpy",
)
#: The report must not outlast the training by much, nor be empty after a short one; stopped, it hurries.
_IMPORTANCE_SHARE, _IMPORTANCE_LEAST, _IMPORTANCE_MOST = 0.1, 4.0, 30.0
#: After the deadline the runner's patience runs.
_IMPORTANCE_LATE, _IMPORTANCE_STOPPED = 8.0, 1.0


def build_report(
    order: Order, inputs: Inputs, fitted: Fitted, baseline: Baseline, why: str, fit_seconds: float
) -> dict[str, Any]:
    began = time.perf_counter()
    task = order.spec.task
    scorer = order.scorer(inputs.test_values)
    output = fitted.predict(inputs.test_frame)
    test, test_interval = scorer.scores(output), scorer.interval(output)
    baseline_test = scorer.score(baseline.predict(len(inputs.test_values)))
    importance, complete = permutation_importance(
        fitted.predict,
        inputs.test_frame,
        order.scorer,
        inputs.test_values,
        _importance_seconds(order),
        order.seed,
        lambda: order.clock.stop_asked,
    )
    # What said the same in every row was not learned from: it has no place among what mattered.
    importance = [row for row in importance if order.frame[row["column"]].nunique(dropna=False) > 1]
    if not complete:
        order.warn("The importance of some columns was not measured: there was no time for all of them.")
    name = task.metric.name
    board = order.board.sorted()
    baseline_row = next(row for row in board if row["baseline"])
    report = {
        "version": 1,
        "engine": order.spec.engine,
        "task": task.kind,
        "label": task.label,
        "metric": {"name": name, "title": task.metric.title, "higherIsBetter": task.metric.higher_is_better},
        "best": {
            "model": fitted.best_,
            "validation": fitted.validation_.get(name),
            "interval": fitted.interval_,
            "test": test[name],
            "testInterval": test_interval,
        },
        "scores": {"validation": fitted.validation_, "test": test},
        "baseline": {
            "model": baseline.name_,
            "validation": baseline_row["validation"],
            "test": baseline_test,
            "sentence": verdict(task.metric, test[name], baseline_test, test_interval),
        },
        "leaderboard": board,
        "history": [list(point) for point in order.board.history],
        "resumed": order.checkpoints.resumed_from,
        "importance": importance,
        "confusion": confusion(inputs.test_values, output, inputs.labels.class_names) if task.is_classes else None,
        "residuals": None if task.is_classes else residuals(inputs.test_values, output, order.seed),
        "curves": curves(inputs.test_values, output, inputs.labels.positive) if task.kind == "binary" else None,
        "warnings": order.warnings,
        "recipe": None if order.preparation is None else order.preparation.report(),
        "rows": {**fitted.rows_, "test": len(inputs.test_values)},
        "seed": order.seed,
        "versions": _versions(),
        "why": why,
    }
    report_seconds = time.perf_counter() - began
    report["seconds"] = {
        "load": round(inputs.seconds, 3),
        "fit": round(fit_seconds, 3),
        "report": round(report_seconds, 3),
        "total": round(order.clock.used(), 3),
    }
    return finite(report)


def _importance_seconds(order: Order) -> float:
    if order.clock.stop_asked:
        return _IMPORTANCE_STOPPED
    whole = order.clock.deadline - order.clock.started_at
    most = _IMPORTANCE_LATE if order.clock.time_up else _IMPORTANCE_MOST
    return min(most, max(_IMPORTANCE_LEAST, whole * _IMPORTANCE_SHARE))


def _versions() -> dict[str, str]:
    found = {"trainer": __version__, "python": platform.python_version()}
    for name in _TOLD:
        try:
            found[name] = version(name)
        except PackageNotFoundError:
            continue
    return found
