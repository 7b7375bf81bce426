"""Judges the winner once on the held-out rows and gathers all that the report says."""

from __future__ import annotations

import time
from dataclasses import asdict
from datetime import datetime, timezone
from typing import Any

from trainer.baseline import Baseline, verdict
from trainer.engine import load_engine
from trainer.events import finite
from trainer.few import few_quoted
from trainer.fitting import Fitted, Order, Output
from trainer.inputs import Inputs
from trainer.interval import parts_of
from trainer.report.bounded import bounded
from trainer.report.budget import Budget, report_seconds
from trainer.report.classes import calibration, calibration_of_labels, per_class, thresholds
from trainer.report.curves_each import curves_of_classes, curves_of_labels
from trainer.report.data_facts import data_facts, versions
from trainer.report.dependence import partial_dependence
from trainer.report.errors import error_quantiles, errors_by_prediction, worst_errors
from trainer.report.findings import confusion, curves, residuals
from trainer.report.importance import permutation_importance
from trainer.report.judged import Judged
from trainer.report.leakage import doubled_rows, leaking_columns, leaking_to_labels
from trainer.report.learning import learned
from trainer.report.per_label import per_label, worst_rows

#: Of the time that is left when their turn comes; partial dependence, the last, gets the rest.
_LEAKAGE_SHARE, _IMPORTANCE_SHARE, _CURVES_SHARE = 0.2, 0.6, 0.5


def build_report(
    order: Order, inputs: Inputs, fitted: Fitted, judged: Judged, baseline: Baseline, why: str, fit_seconds: float
) -> dict[str, Any]:
    began = time.perf_counter() - judged.seconds
    budget = Budget(report_seconds(order.clock, fit_seconds), lambda: order.clock.stop_asked)
    task = order.spec.task
    scorer = order.scorer(inputs.test_values)
    output = judged.output
    test, (test_half, test_low, test_high) = scorer.scores(output), parts_of(scorer.interval(output))
    half, low, high = parts_of(fitted.interval_)
    guessed = baseline.predict(len(inputs.test_values))
    baseline_test, gain = scorer.score(guessed), scorer.difference(output, guessed)
    # These look into the data, so they come in the order of what a person needs first.
    leakage = _leakage(order, inputs, budget)
    importance = _importance(order, inputs, fitted, budget, judged.seconds_per_row)
    by_importance = [row["column"] for row in importance] or list(inputs.test_frame.columns)
    dependence = _dependence(order, inputs, fitted, budget, by_importance)
    name, title = task.metric.name, load_engine(order.spec.engine).DECLARATION.title
    board = order.board.sorted()
    _say_what_was_only_judged_by(order, fitted)
    baseline_row = next(row for row in board if row["baseline"])
    report = {
        "version": 1,
        "engine": order.spec.engine,
        "engineTitle": title,
        "task": task.kind,
        "label": task.label,
        **({"labels": list(task.labels)} if task.labels else {}),
        "metric": {"name": name, "title": task.metric.title, "higherIsBetter": task.metric.higher_is_better},
        "best": {
            "model": fitted.best_,
            "validation": fitted.validation_.get(name),
            "interval": half,
            "low": low,
            "high": high,
            "test": test[name],
            "testInterval": test_half,
            "testLow": test_low,
            "testHigh": test_high,
        },
        "scores": {"validation": fitted.validation_, "test": test},
        "validated": getattr(fitted, "validated_", None),
        "baseline": {
            "model": baseline.name_,
            "validation": baseline_row["validation"],
            "test": baseline_test,
            "difference": None if gain is None else asdict(gain),
            "sentence": verdict(task.metric, test[name], baseline_test, test_half, gain),
        },
        "leaderboard": board,
        "history": [list(point) for point in order.board.history],
        **_learning(fitted, title, budget),
        "resumed": order.checkpoints.resumed_from,
        "leakage": leakage,
        "importance": importance,
        "dependence": dependence,
        **_of_classes(order, inputs, output, budget),
        **_of_numbers(order, inputs, output),
        "worst": budget.part("worst errors", lambda _: _worst(order, inputs, output, by_importance)),
        "warnings": order.warnings,
        "recipe": None if order.preparation is None else order.preparation.report(),
        "data": data_facts(order, inputs, _sum_of_data(order, budget)),
        "rows": {**fitted.rows_, "test": len(inputs.test_values)},
        "seed": order.seed,
        "versions": versions(order.spec.engine),
        "madeAt": datetime.now(timezone.utc).isoformat(timespec="seconds"),
        "why": why,
        "budget": budget.told(),
    }
    report_seconds_used = time.perf_counter() - began
    report["seconds"] = {
        "load": round(inputs.seconds, 3),
        "fit": round(fit_seconds, 3),
        "report": round(report_seconds_used, 3),
        "total": round(order.clock.used(), 3),
    }
    return bounded(finite(report))


def _learning(fitted: Fitted, title: str, budget: Budget) -> dict[str, Any]:
    told = budget.part("learning curve", lambda _: learned(fitted, title))
    return {"learning": None, "noLearning": told} if isinstance(told, str) else {"learning": told}


def _sum_of_data(order: Order, budget: Budget) -> str | None:
    found = order.data_sum.within(budget.left())
    if found is None:
        budget.leave_out("SHA-256 of the data", order.data_sum.why)
    return found


def _say_what_was_only_judged_by(order: Order, fitted: Fitted) -> None:
    """In the order of time the rows that choose the winner are those nearest to what it will be asked."""
    train, judged = fitted.rows_["train"], fitted.rows_["validation"]
    if order.ordered and judged and train + judged <= len(order.frame) and not getattr(fitted, "fitted_again_", False):
        order.warn(
            f"The model learned from the {train} earliest rows only: the {judged} after them chose it, and it was not fitted "
            "again with them, though they are nearest to what comes next."
        )


def _leakage(order: Order, inputs: Inputs, budget: Budget) -> list[dict[str, Any]]:
    classes = None if inputs.labels.classes is None else len(inputs.labels.classes)

    def look(seconds: float) -> list[dict[str, Any]]:
        if order.spec.task.labels:
            found, unseen = leaking_to_labels(
                order.frame, order.values, list(order.spec.task.labels), seconds, order.seed
            )
        else:
            label = order.spec.task.label
            found, unseen = leaking_columns(order.frame, order.values, classes, label, seconds, order.seed)
        if unseen:
            budget.leave_out(f"leakage hints for {len(unseen)} columns", "there was no time for all columns")
        return found

    def compare(_: float) -> list[dict[str, Any]]:
        found = doubled_rows(order.frame, inputs.test_frame)
        return [] if found is None else [found]

    columns = budget.part("leakage hints", look, _LEAKAGE_SHARE) or []
    return columns + (budget.part("doubled rows", compare) or [])


def _importance(
    order: Order, inputs: Inputs, fitted: Fitted, budget: Budget, seconds_per_row: float
) -> list[dict[str, Any]]:
    def measure(seconds: float) -> list[dict[str, Any]]:
        found, complete = permutation_importance(
            fitted.predict,
            inputs.test_frame,
            order.scorer,
            inputs.test_values,
            seconds,
            order.seed,
            lambda: order.clock.stop_asked,
            seconds_per_row,
        )
        if not complete:
            order.warn("The importance of some columns was not measured: there was no time for all of them.")
            budget.leave_out("importance of some columns", "there was no time for all columns")
        # What said the same in every row was not learned from: it has no place among what mattered.
        return [row for row in found if order.frame[row["column"]].nunique(dropna=False) > 1]

    return budget.part("importance", measure, _IMPORTANCE_SHARE) or []


def _dependence(
    order: Order, inputs: Inputs, fitted: Fitted, budget: Budget, columns: list[str]
) -> list[dict[str, Any]]:
    labels, task = inputs.labels, order.spec.task
    names = labels.class_names if task.is_classes else list(task.labels) or None
    positive = None if task.labels else labels.positive

    def draw(seconds: float) -> list[dict[str, Any]]:
        found, missed = partial_dependence(
            fitted.predict, order.frame, inputs.test_frame, columns, names, positive, seconds, order.seed
        )
        if missed:
            quoted = few_quoted(missed)
            budget.leave_out(f"what the model makes of {quoted}", "there was no time left for it")
        return found

    return budget.part("what the model makes of a column", draw) or []


_ABOUT_CLASSES: tuple[str, ...] = ("confusion", "perClass", "calibration", "curves", "curvesEach", "thresholds")


def _of_classes(order: Order, inputs: Inputs, output: Output, budget: Budget) -> dict[str, Any]:
    none = dict.fromkeys(_ABOUT_CLASSES)
    truth, labels = inputs.test_values, list(order.spec.task.labels)
    if labels:
        for part in ("confusion matrix", "thresholds"):
            budget.leave_out(part, "of several labels at once there is no such thing; see label by label")
        return {
            **none,
            "perLabel": per_label(truth, output, labels),
            "calibration": budget.part("calibration", lambda _: calibration_of_labels(truth, output)),
            "curvesEach": budget.part(
                "ROC and precision curves", lambda s: curves_of_labels(truth, output, labels, s), _CURVES_SHARE
            ),
        }
    if not order.spec.task.is_classes:
        return none
    names, positive = inputs.labels.class_names, inputs.labels.positive
    found = {
        "confusion": confusion(truth, output, names),
        "perClass": per_class(truth, output, names),
        "calibration": budget.part("calibration", lambda _: calibration(truth, output, positive, names)),
    }
    if order.spec.task.kind == "binary":
        more = {"curves": curves(truth, output, positive), "thresholds": thresholds(truth, output, positive)}
    else:
        each = budget.part(
            "ROC and precision curves", lambda s: curves_of_classes(truth, output, names, s), _CURVES_SHARE
        )
        more = {"curvesEach": each}
    return {**none, **found, **more}


def _of_numbers(order: Order, inputs: Inputs, output: Output) -> dict[str, Any]:
    if order.spec.task.kind != "regression":
        return {"residuals": None}
    truth = inputs.test_values
    found = residuals(truth, output, order.seed)
    more = {"byPredicted": errors_by_prediction(truth, output), "quantiles": error_quantiles(truth, output)}
    return {"residuals": {**found, **more}}


def _worst(order: Order, inputs: Inputs, output: Output, columns: list[str]) -> dict[str, Any]:
    if order.spec.task.labels:
        return worst_rows(inputs.test_frame, inputs.test_values, output, list(order.spec.task.labels), columns)
    names = inputs.labels.class_names if order.spec.task.is_classes else None
    return worst_errors(inputs.test_frame, inputs.test_values, output, names, columns)
