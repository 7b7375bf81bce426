"""Rows divided by what a person named, and rows that count more than others."""

from __future__ import annotations

import json
import shutil
import zipfile
from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
import pytest
from trainer_bench import Run, Yard

Here = Callable[[Yard], Run]


def visits(rows: int = 600) -> pd.DataFrame:
    """Each customer has a habit of their own, so who knows the customer knows the answer."""
    random = np.random.default_rng(0)
    customer = random.integers(0, 60, rows)
    habit = random.normal(size=60)
    return pd.DataFrame(
        {
            "customer": customer,
            "trait": habit[customer],
            "noise": random.normal(size=rows),
            "day": pd.Timestamp("2024-01-01") + pd.to_timedelta(random.integers(0, 300, rows), unit="D"),
            "half": customer < 30,
            "importance": np.where(customer < 30, 1.0, 50.0),
            "spent": np.where(customer < 30, 10.0, 20.0) + random.normal(size=rows),
        }
    )


def asked(yard: Yard, settings: dict[str, Any], split: dict[str, Any], weight: str | None = None, **more: Any) -> Yard:
    yard.ask(visits(), "spent", "regression", settings=settings, split=split, **more)
    side = {split.get("groupColumn"), "importance", "half", weight}
    for column in yard.spec["columns"]:
        column["role"] = "ignored" if column["name"] in side else column["role"]
    yard.spec["weight"] = weight
    return yard


def test_customers_that_are_judged_were_never_seen(yard: Yard):
    tree = {"algorithm": "tree"}
    by_chance = asked(yard, tree, {}).train("chance")
    by_customer = asked(yard, tree, {"groupColumn": "customer"}).train("customer")
    assert by_chance.code == by_customer.code == 0, by_customer.log
    assert "customer" not in {row["column"] for row in by_customer.report["importance"]}
    # Who has seen a customer knows the answer; of one who was never seen nothing tells.
    assert by_chance.report["best"]["test"] < 0.6 * by_customer.report["best"]["test"]
    held = by_customer.report["rows"]["test"]
    assert 80 <= held <= 160


def test_what_comes_last_is_held_out(yard: Yard):
    run = asked(yard, {"algorithm": "linear"}, {"timeColumn": "day", "folds": 4}).train()
    assert run.code == 0, run.log
    # Each part but the first is judged, by what came before it.
    rows = run.report["rows"]
    assert rows["validation"] == pytest.approx(0.75 * rows["train"], abs=30)
    assert rows["test"] == pytest.approx(120, abs=10)
    assert run.report["validated"] == (
        f"By 3 parts by “day”, one after the other ({rows['validation']} rows), each by what was learned from those before; "
        "the score is over all of them; the model handed in has then learned from all rows."
    )
    # Fitted on all of them in the end.
    assert not any("earliest rows only" in each for each in run.report["warnings"])


def prediction_of(run: Run) -> float:
    import joblib  # not in every environment that reads this file

    with zipfile.ZipFile(run.out / "model.zip") as archive, archive.open("model/pipeline.joblib") as file:
        pipeline = joblib.load(file)
    plan = json.loads(zipfile.ZipFile(run.out / "model.zip").read("model/plan.json"))
    assert not {"importance"} & {column["name"] for column in plan["columns"]}
    return float(pipeline.predict(pd.DataFrame({"noise": [0.0]}))[0])


def test_rows_that_count_more_pull_the_model_to_them(yard: Yard):
    # Held back so much that only the mean is left to say.
    flat = {"algorithm": "tree", "max_depth": 1, "hyperparameters": json.dumps({"min_samples_leaf": 400})}

    def trained(weight: str | None) -> float:
        one = asked(yard, flat, {}, weight)
        for column in one.spec["columns"]:
            column["role"] = (
                "feature" if column["name"] == "noise" else "label" if column["name"] == "spent" else "ignored"
            )
        run = one.train("weighed" if weight else "even")
        assert run.code == 0, run.log
        return prediction_of(run)

    assert trained(None) == pytest.approx(15, abs=1.5)
    assert trained("importance") > 19


def test_of_a_handful_those_that_cannot_weigh_rows_are_left_out_and_named(yard: Yard, here: Here):
    run = here(asked(yard, {"trees": 5}, {}, "importance"))
    assert run.code == 0
    tried = [row["model"] for row in run.report["leaderboard"]]
    assert "Linear" in tried and "NearestNeighbours" not in tried
    assert any("The scores" in said and "count all rows the same" in said for said in run.report["warnings"])
    assert any(
        said.startswith("NearestNeighbours was left out: it cannot weigh rows") for said in run.report["warnings"]
    )
    even = here(asked(yard, {"trees": 5}, {}))
    assert "NearestNeighbours" in [row["model"] for row in even.report["leaderboard"]] and even.report["warnings"] == []


@pytest.mark.parametrize("classes", [True, False])
def test_which_algorithms_know_no_weights_is_what_the_library_says(classes: bool):
    sklearn = pytest.importorskip("sklearn.utils.validation")
    from trainer.engine import load_engine
    from trainer.engines.sklearn import UNWEIGHTED
    from trainer.engines.sklearn.hyperparameters import estimator_of

    declaration = load_engine("sklearn").DECLARATION
    names = [name for name, _ in declaration.settings[0].choices if name != "auto"]
    for name in names:
        settings = declaration.settled({"algorithm": name}, "binary" if classes else "regression")
        takes = sklearn.has_fit_parameter(estimator_of(settings, classes=classes), "sample_weight")
        assert takes == (name not in UNWEIGHTED), name


@pytest.mark.parametrize(
    ("split", "weight", "said"),
    [
        ({"groupColumn": "nothing"}, None, "no column “nothing”"),
        ({}, "day", "cannot weigh them"),
        (
            {"groupColumn": "half", "folds": 4},
            None,
            "“half” has 1 group to learn from beside the held-out rows, and 4 folds",
        ),
        ({"groupColumn": "half"}, None, "choosing among models needs at least 2. Divide by another column."),
        ({"timeColumn": "half", "folds": 3}, None, "has 1 different time to learn from"),
    ],
)
def test_what_cannot_divide_or_weigh_is_refused(yard: Yard, split: dict[str, Any], weight: str | None, said: str):
    run = asked(yard, {"algorithm": "linear"}, split, weight).train()
    assert run.code == 65
    assert said in run.failure["message"]


def test_what_no_part_can_judge_is_refused_without_a_word_of_recipes(yard: Yard):
    frame = visits()
    # Each class is in groups of its own, so no part says anything of another.
    frame["kind"] = frame["customer"].map(lambda customer: f"kind {customer % 4}")
    yard.ask(frame.assign(kind_of=frame["kind"]), "kind", "multiclass", split={"groupColumn": "kind_of", "folds": 2})
    run = yard.train()
    assert run.code == 65
    assert run.failure["message"].startswith("Divided by “kind_of”, “kind ") and "recipe" not in run.failure["message"]


@pytest.mark.autogluon
def test_autogluon_keeps_groups_whole_where_one_of_them_has_a_class_alone(yard: Yard):
    frame = visits(300)
    frame["kind"] = np.where(frame["customer"] == frame["customer"].iloc[0], "lone", frame["half"].astype(str))
    lone = frame[frame["kind"] == "lone"].index
    frame.loc[lone[:2], "customer"] = 1000  # what is held out may have one, but it stays to learn from
    settings = {"include": ["LR"], "preset": "good"}
    split = {"groupColumn": "customer", "folds": 3, "seed": 1}
    run = yard.ask(frame, "kind", "multiclass", engine="autogluon", settings=settings, split=split).train()
    assert run.code == 0, run.log
    assert any("the groups in it stay together" in each for each in run.report["warnings"]), run.report["warnings"]


@pytest.mark.autogluon
def test_autogluon_validates_by_what_came_last_and_weighs_rows(yard: Yard):
    split = {"timeColumn": "day", "folds": 4}
    run = asked(yard, {"include": ["GBM"]}, split, "importance", engine="autogluon").train()
    assert run.code == 0, run.log
    rows = run.report["rows"]
    assert rows["validation"] == pytest.approx(120, abs=20) and rows["test"] == pytest.approx(120, abs=10)
    assert run.report["validated"].startswith(f"By the latest part by “day” ({rows['validation']} rows), by what was")
    assert any("4 folds were asked for" in each for each in run.report["warnings"])
    assert yard.predict(visits().drop(columns=["importance"]), engine="autogluon").code == 0


#: Each engine's smallest model, which is left little to learn from but the values themselves.
MEAN_OF_ALL = [
    pytest.param(
        "h2o", {"exclude": ["GBM", "XGBoost", "DeepLearning", "StackedEnsemble"]}, marks=pytest.mark.h2o, id="h2o"
    ),
    pytest.param(
        "torch", {"hidden_layers": 0, "epochs": 12, "learning_rate": 0.02}, marks=pytest.mark.torch, id="torch"
    ),
]


def with_noise_only(yard: Yard, frame: pd.DataFrame, **asked_for: Any) -> Yard:
    weight = asked_for.pop("weight", None)
    yard.ask(frame, "spent", "regression", **asked_for)
    for column in yard.spec["columns"]:
        if column["name"] not in ("noise", "spent"):
            column["role"] = "ignored"
    yard.spec["weight"] = weight
    return yard


@pytest.mark.parametrize(("engine", "settings"), MEAN_OF_ALL)
def test_the_latest_part_judges_those_before_it(engine: str, settings: dict[str, Any], yard: Yard, here: Here):
    frame = visits()
    # What comes last is like nothing before it: of the five parts the last is held out and the fourth judges.
    later = frame["day"].rank(pct=True) > 0.6
    frame["spent"] = np.where(later, 100.0, 10.0) + frame["noise"]
    # Of torch each of several parts is judged by a network that learned from those before it: test_torch_folds.py.
    split = {"timeColumn": "day", "folds": 4 if engine == "h2o" else 0}
    run = here(with_noise_only(yard, frame, engine=engine, settings=settings, split=split, weight="importance"))
    assert run.code == 0
    assert run.report["rows"]["train"] == pytest.approx(360, abs=30)
    assert run.report["rows"]["validation"] == pytest.approx(120, abs=30)
    assert run.report["best"]["validation"] > 80 and run.report["best"]["test"] > 80
    rows = run.report["rows"]
    told = f"the {rows['train']} earliest rows only: the {rows['validation']} after them chose it"
    assert any(told in each for each in run.report["warnings"]), run.report["warnings"]


@pytest.mark.parametrize(("engine", "settings"), MEAN_OF_ALL)
def test_rows_that_count_more_pull_every_engine_to_them(engine: str, settings: dict[str, Any], yard: Yard, here: Here):
    run = here(with_noise_only(yard, visits(), engine=engine, settings=settings, weight="importance"))
    assert run.code == 0
    said = [predicted for predicted, _ in run.report["residuals"]["points"]]
    assert min(said) > 18 and np.mean(said) > 19  # the plain mean is 15


@pytest.mark.autogluon
def test_autogluon_validates_by_customers_that_it_has_not_seen(yard: Yard):
    run = asked(yard, {"include": ["GBM"]}, {"groupColumn": "customer"}, engine="autogluon").train()
    assert run.code == 0, run.log
    # Who has seen a customer knows the answer: then validation would look far better than the held-out rows.
    assert run.report["best"]["validation"] > 0.5 * run.report["best"]["test"]
    assert run.report["best"]["validation"] > 3


@pytest.mark.autogluon
def test_weights_count_in_a_job_that_goes_on_from_another(yard: Yard):
    # One that does not weigh says the plain mean, 15, and wins by scores, for which all rows count the same.
    asked_for = {"engine": "autogluon", "settings": {"include": ["GBM"]}, "weight": "importance"}
    first = with_noise_only(yard, visits(), **asked_for, seconds=30).train()
    assert first.code == 0, first.log
    shutil.copy(first.out / "model.zip", yard.work / "input" / "model.zip")
    run = with_noise_only(yard, visits(), **asked_for, seconds=15, start_from="input/model.zip").train("further")
    assert run.code == 0, run.log
    assert set(run.models) - set(first.models)
    assert np.mean([predicted for predicted, _ in run.report["residuals"]["points"]]) > 18.5


@pytest.mark.autogluon
@pytest.mark.parametrize("preset", ["medium", "good"])
def test_levels_of_stacking_are_left_out_where_groups_allow_no_folds(yard: Yard, preset: str):
    frame = visits()
    # All rows of a class belong to one customer, so they are in one fold.
    kind = pd.Series(np.where(frame["noise"] > 0, "up", "down")).mask(frame["customer"] == 7, "seven")
    settings = {"preset": preset, "include": ["XT"], "stack_levels": 1}
    split = {"groupColumn": "customer", "folds": 3}
    yard.ask(frame.assign(kind=kind), "kind", "multiclass", engine="autogluon", settings=settings, split=split)
    for column in yard.spec["columns"]:
        column["role"] = "ignored" if column["name"] == "customer" else column["role"]
    run = yard.train()
    assert run.code == 0, run.log
    said = " ".join(run.report["warnings"])
    assert "in place of folds" in said
    # At a quality of good or above it bags nonetheless, and the part that was set apart judges.
    assert ("The levels of stacking were left out" in said) == (preset == "medium")
    assert any("_BAG_L2" in name for name in run.models) == (preset == "good")


#: H2O uses up what it has; torch alone may take most of a minute to be imported.
SECONDS = {"h2o": 40}
#: Of each engine something that draws; the rows are divided by time, alike for every seed.
DRAWING = [
    pytest.param("sklearn", {"algorithm": "extra_trees", "trees": 10}, id="sklearn"),
    pytest.param("autogluon", {"include": ["XT"]}, marks=pytest.mark.autogluon, id="autogluon"),
    pytest.param(
        "h2o", {"exclude": ["GLM", "XGBoost", "DeepLearning", "StackedEnsemble"]}, marks=pytest.mark.h2o, id="h2o"
    ),
    pytest.param("torch", {"epochs": 2}, marks=pytest.mark.torch, id="torch"),
]


@pytest.mark.parametrize(("engine", "settings"), DRAWING)
def test_another_seed_makes_another_model_of_the_same_rows(engine: str, settings: dict[str, Any], yard: Yard):
    def scored(seed: int, out: str) -> float:
        split = {"timeColumn": "day", "seed": seed}
        run = asked(yard, settings, split, engine=engine, seconds=SECONDS.get(engine, 150)).train(out)
        assert run.code == 0, run.log
        return run.report["best"]["test"]

    first = scored(1, "first")
    assert scored(2, "second") != first
