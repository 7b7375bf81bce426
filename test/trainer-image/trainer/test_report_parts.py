from __future__ import annotations

import copy
import json
import time
from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
import pytest
from sklearn import metrics as reference
from sklearn.calibration import calibration_curve
from tables import breast_cancer, diabetes, mixed_table, wine
from trainer_bench import Run, Yard

from trainer.clock import Clock
from trainer.contract import Task
from trainer.interval import parts_of
from trainer.metrics import METRICS
from trainer.output import Output
from trainer.report.bounded import MOST_BYTES, bounded
from trainer.report.budget import Budget, report_seconds
from trainer.report.classes import calibration, per_class, thresholds
from trainer.report.dependence import partial_dependence
from trainer.report.errors import error_quantiles, errors_by_prediction, worst_errors
from trainer.report.findings import confusion
from trainer.report.learning import learning_curve
from trainer.report.page import make_page
from trainer.report.sections import data_words
from trainer.scoring import Scorer

Here = Callable[[Yard], Run]
FAST = {"algorithm": "extra_trees", "trees": 20}


def two_classes(rows: int = 400, seed: int = 0) -> tuple[np.ndarray, Output]:
    random = np.random.default_rng(seed)
    truth = random.integers(0, 2, rows)
    p = np.clip(0.35 * truth + 0.65 * random.random(rows), 0.01, 0.99)
    return truth, Output.of_probabilities(np.column_stack([1 - p, p]))


@pytest.fixture(scope="module")
def reports(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Run]:
    """One training of each task, looked at from many sides."""
    runs: dict[str, Run] = {}
    for kind, frame, label in [
        ("binary", mixed_table().drop(columns="spend"), "churned"),
        ("multiclass", wine(), "cultivar"),
        ("regression", diabetes(), "progression"),
    ]:
        yard = Yard(tmp_path_factory.mktemp(kind))
        yard.ask(frame, label, kind, settings=FAST)
        yard.spec["columns"][0]["role"] = "ignored"
        runs[kind] = yard.train()
        assert runs[kind].code == 0, runs[kind].log
    return runs


@pytest.mark.parametrize("kind", ["binary", "multiclass", "regression"])
def test_every_task_has_every_part_that_fits_it(kind: str, reports: dict[str, Run]):
    report = reports[kind].report
    assert report["budget"] == {"seconds": 5.0, "leftOut": []}
    assert report["leakage"] == [] and len(report["dependence"]) >= 3 and report["worst"]["rows"]
    is_classes = kind != "regression"
    for name in ("confusion", "perClass", "calibration"):
        assert (report[name] is not None) == is_classes
    for name in ("curves", "thresholds"):
        assert (report[name] is not None) == (kind == "binary")
    assert (report["curvesEach"] is not None) == (kind == "multiclass")
    assert (report["residuals"] is not None) == (kind == "regression")
    gain = report["baseline"]["difference"]
    assert 0 < gain["low"] < gain["value"] < gain["high"]
    assert report["data"]["ignored"] == 1 and len(report["data"]["sha256"]) == 64
    assert {"duckdb", "pandas", "python"} <= set(report["versions"])


@pytest.mark.parametrize("kind", ["binary", "multiclass", "regression"])
def test_every_metric_of_the_task_is_told_of_validation_too(kind: str, reports: dict[str, Run]):
    scores = reports[kind].report["scores"]
    wanted = {
        "binary": {"roc_auc", "log_loss", "accuracy", "balanced_accuracy", "f1"},
        "multiclass": {"roc_auc_ovr", "log_loss", "accuracy", "balanced_accuracy", "f1_macro"},
        "regression": {"mse", "mae", "r2", "rmse"},
    }[kind]
    assert set(scores["test"]) == set(scores["validation"]) == wanted
    assert all(value is not None for part in scores.values() for value in part.values())


@pytest.mark.parametrize("kind", ["binary", "multiclass", "regression"])
def test_ignored_columns_are_in_no_part(kind: str, reports: dict[str, Run]):
    ignored = {"binary": "age", "multiclass": "alcohol", "regression": "age"}[kind]
    report = reports[kind].report
    assert ignored not in report["worst"]["columns"]
    assert ignored not in [one["column"] for one in report["dependence"]]


def test_the_page_shows_the_parts(reports: dict[str, Run]):
    titles = {
        "binary": ["Class by class", "Where “yes” begins", "Can its probabilities be believed"],
        "multiclass": [
            "Class by class",
            "Can its probabilities be believed",
            "ROC curves",
            "Curve by curve, each against the rest",
        ],
        "regression": ["Where it is off", "Errors in quantiles"],
    }
    for kind, wanted in titles.items():
        page = (reports[kind].out / "report.html").read_text("utf-8")
        for title in [*wanted, "What a column does", "Worst errors"]:
            assert f"<h2>{title}</h2>" in page, (kind, title)
        assert "These are rows of the data" in page and "What this report leaves out" not in page


def test_a_report_of_an_older_trainer_still_makes_a_page(reports: dict[str, Run]):
    report = copy.deepcopy(reports["binary"].report)
    for name in (
        "leakage",
        "learning",
        "dependence",
        "perClass",
        "calibration",
        "thresholds",
        "worst",
        "data",
        "budget",
    ):
        del report[name]
    del report["baseline"]["difference"], report["confusion"]["right"]
    page = make_page(report, [], {})
    assert "<h2>ROC curve</h2>" in page and "Class by class" not in page


def test_the_table_of_classes_agrees_with_the_reference():
    random = np.random.default_rng(1)
    truth, said = random.integers(0, 4, 300), random.integers(0, 4, 300)
    said[said == 3] = 2  # one class is never said: its precision is unknown, not nothing
    table = per_class(truth, Output(said), list("abcd"))
    precision, recall, f1, support = reference.precision_recall_fscore_support(truth, said, zero_division=0)
    for code, row in enumerate(table["rows"]):
        assert row["recall"] == pytest.approx(recall[code]) and row["support"] == support[code]
        assert row["f1"] == pytest.approx(f1[code])
    assert [row["precision"] for row in table["rows"][:3]] == pytest.approx(list(precision[:3]))
    assert table["rows"][3]["precision"] is None and table["leftOut"] == 0


def test_the_table_of_thresholds_agrees_with_the_reference():
    truth, output = two_classes()
    assert output.probabilities is not None
    rows = thresholds(truth, output, 0) or []
    assert len(rows) == 19
    for row in rows[::6]:
        said = output.probabilities[:, 0] >= row["threshold"]
        assert row["recall"] == pytest.approx(reference.recall_score(truth == 0, said))
        assert row["accuracy"] == pytest.approx(reference.accuracy_score(truth == 0, said))
        assert row["said"] == said.sum()


def test_calibration_agrees_with_the_reference():
    truth, output = two_classes(1000)
    assert output.probabilities is not None
    found = calibration(truth, output, 1, ["no", "yes"])
    assert found is not None and found["of"] == "yes"
    p = output.probabilities[:, 1]
    share, mean = calibration_curve(truth, p, n_bins=10)
    assert [one["share"] for one in found["bins"]] == pytest.approx(list(share))
    assert [one["mean"] for one in found["bins"]] == pytest.approx(list(mean))
    assert found["brier"] == pytest.approx(reference.brier_score_loss(truth, p))
    assert sum(one["count"] for one in found["bins"]) == 1000
    assert all(one["low"] <= one["share"] <= one["high"] and one["low"] < one["high"] for one in found["bins"])


def test_of_several_classes_calibration_is_of_what_was_said():
    truth = np.array([0, 1, 2, 2])
    output = Output.of_probabilities(np.array([[0.8, 0.1, 0.1], [0.1, 0.85, 0.05], [0.86, 0.1, 0.04], [0, 0, 1.0]]))
    found = calibration(truth, output, 1, list("abc"))
    assert found is not None and found["of"] is None
    assert [one["count"] for one in found["bins"]] == [3, 1] and found["bins"][0]["share"] == pytest.approx(2 / 3)
    assert found["expectedError"] == pytest.approx(0.75 * abs((0.8 + 0.85 + 0.86) / 3 - 2 / 3))


def test_one_against_the_rest_agrees_with_the_reference():
    random = np.random.default_rng(1)
    truth, p = random.integers(0, 4, 500), random.dirichlet(np.ones(4), 500)
    scorer = Scorer(Task("multiclass", "y", METRICS["log_loss"]), truth)
    found = scorer.scores(Output.of_probabilities(p))["roc_auc_ovr"]
    assert found == pytest.approx(reference.roc_auc_score(truth, p, multi_class="ovr"))


def test_a_difference_on_the_same_rows_is_surer_than_two_intervals():
    random = np.random.default_rng(3)
    truth = random.normal(size=500)
    hard = np.where(random.random(500) < 0.1, 20.0, 0.1) * random.normal(size=500)
    one, two = Output(truth + hard), Output(truth + hard + 0.05 * np.sign(hard))
    scorer = Scorer(Task("regression", "y", METRICS["mae"]), truth)
    found, (alone, _, _) = scorer.difference(one, two), parts_of(scorer.interval(one))
    assert found is not None and alone is not None
    assert found.value == pytest.approx(0.05) and found.low > 0 and found.high - found.low < alone / 10
    turned = scorer.difference(two, one)
    assert turned is not None and turned.value == pytest.approx(-0.05) and turned.high < 0


def test_a_model_that_knows_nothing_is_not_called_better(yard: Yard, here: Here):
    random = np.random.default_rng(5)
    frame = pd.DataFrame(random.normal(size=(300, 3)), columns=list("abc")).assign(y=random.choice(["n", "y"], 300))
    report = here(yard.ask(frame, "y", "binary", settings=FAST)).report
    assert report["baseline"]["difference"]["low"] < 0
    assert "no better than guessing" in report["baseline"]["sentence"]


def test_errors_by_prediction_show_a_bias_where_it_is():
    said = np.linspace(0, 100, 200)
    truth = said + np.where(said > 80, 10.0, 0.0)
    groups = errors_by_prediction(truth, Output(said))
    assert len(groups) == 10 and sum(group["rows"] for group in groups) == 200
    assert [group["median"] for group in groups] == pytest.approx([0.0] * 8 + [10.0] * 2)
    assert error_quantiles(truth, Output(said))[-1]["size"] == pytest.approx(10)
    assert errors_by_prediction(truth[:9], Output(said[:9])) == []


def test_the_worst_errors_are_the_surest_wrong_answers():
    frame = pd.DataFrame(
        {"a": [1.5, np.nan, 3.0], "text": ["x" * 200, "<b>", None], "when": pd.to_datetime(["2024-01-02"] * 3)}
    )
    truth, p = np.array([0, 1, 0]), np.array([[0.3, 0.7], [0.9, 0.1], [0.6, 0.4]])
    found = worst_errors(frame, truth, Output.of_probabilities(p), ["no", "yes"], list(frame.columns))
    assert [(row["truth"], row["predicted"], row["size"]) for row in found["rows"]] == [
        ("yes", "no", 0.9),
        ("no", "yes", 0.7),
    ]
    assert found["rows"][0]["values"] == [None, "<b>", "2024-01-02"]
    assert found["rows"][1]["values"][1] == "x" * 79 + "…"
    json.dumps(found, allow_nan=False)


def test_at_most_twenty_of_the_worst_and_none_of_what_is_right():
    frame = pd.DataFrame(np.zeros((50, 30)), columns=[f"c{i}" for i in range(30)])
    off = np.arange(50.0)
    found = worst_errors(frame, off, Output(np.zeros(50)), None, list(frame.columns))
    assert [row["size"] for row in found["rows"]] == list(range(49, 29, -1))
    assert len(found["columns"]) == 12 and found["columnsLeftOut"] == 18
    assert worst_errors(frame, off, Output(off), None, ["c0"])["rows"] == []


def dependence(
    predict: Any, frame: pd.DataFrame, columns: list[str], names: list[str] | None = None, seconds: float = 30
):
    return partial_dependence(predict, frame, frame, columns, names, 1, seconds, 0)


def test_partial_dependence_is_what_the_model_does_with_a_column():
    frame = mixed_table()
    found, missed = dependence(
        lambda rows: Output(np.where(rows["plan"] == "pro", 5.0, 1.0) + 2 * rows["visits"].to_numpy("float64")),
        frame,
        ["visits", "plan", "joined", "newsletter", "note", "empty"],
    )
    assert missed == [] and [one["column"] for one in found] == ["visits", "plan", "joined", "newsletter"]
    visits, plan, joined, newsletter = found
    assert np.diff(visits["series"][0]["mean"]) == pytest.approx(2 * np.diff(visits["values"]))
    means = np.array(plan["series"][0]["mean"])
    rises = dict(zip(plan["values"], (means - means.min()).round(6), strict=True))
    assert rises == {"basic": 0, "plus": 0, "pro": 4}
    assert joined["kind"] == "date" and np.ptp(joined["series"][0]["mean"]) == 0
    assert newsletter["values"] == [True, False]
    # It moves alike in every row, so nothing about it is unsure.
    assert visits["series"][0]["low"] == pytest.approx(visits["series"][0]["mean"])
    json.dumps(found, allow_nan=False)


def test_partial_dependence_names_what_it_had_no_time_for():
    def slow(rows: pd.DataFrame) -> Output:
        time.sleep(0.2)
        return Output(np.zeros(len(rows)))

    frame = breast_cancer().drop(columns="diagnosis")
    found, missed = dependence(slow, frame, list(frame.columns), seconds=0.3)
    assert len(found) == 1 and missed == list(frame.columns[1:5])


def test_a_page_says_how_rows_were_divided_weighed_and_what_was_gone_on_from(reports: dict[str, Run]):
    report = reports["binary"].report
    plain = data_words(report)
    assert "number: " in plain["Data"] and "DOUBLE" not in plain["Data"]
    assert "Rows weigh" not in plain and "Gone on from" not in plain
    data = {**report["data"], "weightColumn": "importance"}
    by_groups = {**report, "data": {**data, "split": {**data["split"], "groupColumn": "customer"}}}
    words = data_words({**by_groups, "resumed": {"label": "epoch 7", "usedSeconds": 12.3}})
    assert "whole groups of “customer”" in words["Split"]
    assert "“importance”" in words["Rows weigh"]
    assert words["Gone on from"].startswith("“epoch 7”, safe after 12 s")
    by_time = {**report, "data": {**data, "split": {**data["split"], "timeColumn": "day"}}}
    assert "the latest by “day”" in data_words(by_time)["Split"]


def test_learning_curves_come_from_epochs():
    assert learning_curve({"epochs": 12}) is None and learning_curve({}) is None
    told = [{"epoch": n + 1, "train_loss": 1 / (n + 1), "test_loss": None if n == 1 else 0.5} for n in range(500)]
    found = learning_curve({"epochs": told})
    assert found is not None and len(found["at"]) == 200 and found["at"][0] == 1 and found["at"][-1] == 500
    short = learning_curve({"epochs": told[:3]})
    assert short == {
        "unit": "epoch",
        "at": [1, 2, 3],
        "series": [
            {"name": "train_loss", "values": [1, 1 / 2, 1 / 3]},
            {"name": "test_loss", "values": [0.5, None, 0.5]},
        ],
    }


def test_a_page_draws_epochs(reports: dict[str, Run]):
    curve = learning_curve(
        {"epochs": [{"epoch": n, "train_loss": 1 / n, "test_loss": 1.1 / n, "accuracy": 0.9} for n in (1, 2, 3)]}
    )
    page = make_page({**reports["binary"].report, "learning": curve}, [], {})
    assert (
        "<h2>How it learned</h2>" in page and ">train_loss<" in page and "nan" not in page.lower().replace("nano", "")
    )


@pytest.mark.parametrize(
    ("fit", "left", "stopped", "seconds"),
    [(3, 600, False, 5), (100, 600, False, 20), (5000, 600, False, 120), (5000, 2, False, 10), (5000, 600, True, 1)],
)
def test_the_report_has_its_own_time(fit: float, left: float, stopped: bool, seconds: float, tmp_path: Any):
    clock = Clock(tmp_path, left)
    clock.stop_asked = stopped
    assert report_seconds(clock, fit) == pytest.approx(seconds, abs=0.1)


def test_a_part_that_fails_or_has_no_time_costs_the_report_that_part_only():
    budget = Budget(60)
    assert budget.part("good", lambda seconds: seconds, 0.5) == pytest.approx(30, abs=0.1)
    assert budget.part("bad", lambda _: 1 / 0) is None
    spent = Budget(0.0)
    assert spent.part("late", lambda _: 1) is None
    assert budget.told()["leftOut"] == [{"part": "bad", "reason": "it could not be made; the log tells why"}]
    assert spent.told()["leftOut"] == [{"part": "late", "reason": "there was no time left for it"}]


def test_a_stop_hurries_the_report():
    asked: list[bool] = []
    budget = Budget(60, lambda: bool(asked))
    assert budget.left() > 50
    asked.append(True)
    assert budget.left() <= 1


def test_a_confusion_of_many_classes_stays_small():
    random = np.random.default_rng(0)
    truth = np.minimum(random.geometric(0.01, 5000), 299)
    said = np.where(random.random(5000) < 0.5, truth, 0)
    found = confusion(truth, Output(said), [f"class {i}" for i in range(300)])
    assert len(found["labels"]) == len(found["matrix"]) == 50 and found["labels"][-1] == "251 others"
    assert sum(map(sum, found["matrix"])) == 5000 and found["right"] == (truth == said).sum()


def test_the_report_stays_small_whatever_the_names(reports: dict[str, Run]):
    report = copy.deepcopy(reports["binary"].report)
    report["importance"] = [{"column": f"{i} " + "x" * 10_000, "mean": 0.0, "interval": None} for i in range(5000)]
    report["history"] = [[float(i), 0.5] for i in range(9000)]
    report["leaderboard"] = [{**report["leaderboard"][0], "model": f"m{i}"} for i in range(2000)] + report[
        "leaderboard"
    ][-1:]
    small = bounded(report)
    assert len(json.dumps(small).encode()) < MOST_BYTES < 1_000_000
    assert small["history"][-1] == [8999.0, 0.5] and len(small["history"]) <= 502
    assert len(small["leaderboard"]) == 300 and small["leaderboard"][-1]["baseline"]
    assert {"part": "importance", "reason": "the report would have become too large"} in small["budget"]["leftOut"]
    assert "What this report leaves out" in make_page(small, [], {})
