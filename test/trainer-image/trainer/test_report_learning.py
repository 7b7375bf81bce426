"""Curves of learning, of each engine that lets one see how its winner learned."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pandas as pd
import pytest
from sklearn.ensemble import HistGradientBoostingClassifier
from tables import breast_cancer, diabetes
from trainer_bench import Run, Yard

from trainer.engines.h2o.learning import learning_of
from trainer.report.learning import evenly

Here = Callable[[Yard], Run]


@pytest.mark.parametrize("kind", ["binary", "regression"])
def test_boosting_shows_its_loss_on_rows_seen_and_unseen(kind: str, yard: Yard, here: Here):
    frame, label = (breast_cancer(), "diagnosis") if kind == "binary" else (diabetes(), "progression")
    run = here(yard.ask(frame, label, kind, settings={"algorithm": "hist_gradient_boosting", "trees": 40}))
    assert run.code == 0
    curve = run.report["learning"]
    assert curve["unit"] == "round" and curve["at"] == list(range(1, 41)) and "noLearning" not in run.report
    by_name = {one["name"]: one["values"] for one in curve["series"]}
    assert list(by_name) == ["train_loss", "validation_loss"]
    train, unseen = by_name["train_loss"], by_name["validation_loss"]
    # What is learned from gets better and better; what is not, never as good in the end.
    assert train == sorted(train, reverse=True) and unseen[-1] > train[-1]
    assert min(unseen) < unseen[0]
    page = (run.out / "report.html").read_text("utf-8")
    assert "From round to round." in page and ">validation_loss<" in page


def test_the_loss_of_boosting_is_that_of_the_library():
    from sklearn.metrics import log_loss
    from sklearn.pipeline import Pipeline
    from sklearn.preprocessing import FunctionTransformer

    from trainer.engines.sklearn.learning import FittedPart, learned_by_round

    random = np.random.default_rng(0)
    frame = pd.DataFrame(random.normal(size=(400, 3)), columns=["a", "b", "c"])
    values = (frame["a"] + random.normal(size=400) > 0).to_numpy().astype(int) + 2 * (frame["b"] > 1).to_numpy()
    pipeline = Pipeline(
        [("columns", FunctionTransformer()), ("estimator", HistGradientBoostingClassifier(max_iter=15))]
    )
    rows = np.arange(300)
    pipeline.fit(frame.iloc[rows], values[rows])
    curve = learned_by_round(FittedPart(pipeline, rows, np.arange(300, 400)), frame, values, classes=True, seed=0)
    expected = log_loss(values[300:], pipeline.predict_proba(frame.iloc[300:]), labels=pipeline.classes_)
    assert curve["series"][1]["values"][-1] == pytest.approx(expected)
    assert len(curve["at"]) == len(curve["series"][0]["values"]) == 15


@pytest.mark.parametrize(
    ("kind", "names"),
    [("binary", ["train_loss", "validation_accuracy"]), ("regression", ["train_loss"])],
)
def test_a_small_network_shows_what_it_wrote_down(kind: str, names: list[str], yard: Yard, here: Here):
    # Only with five hundred rows to fit on does it set some aside to stop by.
    frame, label = (breast_cancer(), "diagnosis") if kind == "binary" else (diabetes(), "progression")
    if kind == "binary":
        frame = pd.concat([frame, frame.sample(200, random_state=0)], ignore_index=True)
    run = here(yard.ask(frame, label, kind, settings={"algorithm": "mlp", "hidden_layers": "8"}))
    assert run.code == 0
    curve = run.report["learning"]
    assert curve["unit"] == "epoch" and [one["name"] for one in curve["series"]] == names
    losses = curve["series"][0]["values"]
    assert losses[-1] < losses[0] and len(curve["at"]) == len(losses) > 2


def test_what_does_not_learn_step_by_step_says_so_in_one_sentence(yard: Yard, here: Here):
    run = here(yard.ask(breast_cancer(), "diagnosis", "binary", settings={"algorithm": "linear"}))
    assert run.report["learning"] is None
    said = "Linear is not learned round by round, so there is no curve of its learning."
    assert run.report["noLearning"] == said and said in (run.out / "report.html").read_text("utf-8")


def history(**columns: list[float | str | None]) -> pd.DataFrame:
    return pd.DataFrame(columns)


def test_what_h2o_wrote_down_is_drawn_with_its_gaps_left_out():
    grown = history(
        number_of_trees=[0, 10, 20], training_logloss=[None, 0.5, 0.3], validation_logloss=[None, 0.6, 0.55],
        training_auc=[None, 0.7, 0.8],
    )  # fmt: skip
    assert learning_of("GBM_1", grown, classes=True) == {
        "unit": "tree",
        "at": [10, 20],
        "series": [
            {"name": "train_loss", "values": [0.5, 0.3]},
            {"name": "validation_loss", "values": [0.6, 0.55]},
        ],
        "about": "Log loss of GBM_1 as H2O counted it.",
    }
    numbers = learning_of("DeepLearning_1", history(epochs=[0, 1, 2, 2], training_rmse=[9, 5, 4, 3]), classes=False)
    assert isinstance(numbers, dict) and numbers["unit"] == "epoch" and numbers["series"][0]["values"] == [9, 5, 3]
    searched = history(
        iteration=[1, 2],
        deviance_train=[1.2, 0.9],
        deviance_xval=[1.3, 1.1],
        deviance_test=["", ""],
        iterations=[None, None],
        training_logloss=["", ""],
    )
    held_back = learning_of("GLM_1", searched, classes=True)
    assert isinstance(held_back, dict) and [one["name"] for one in held_back["series"]] == ["train_loss", "folds_loss"]
    linear = learning_of("GLM_1", history(iterations=[0, 1], objective=["0.7", "0.4"]), classes=True)
    assert isinstance(linear, dict) and linear["unit"] == "step" and linear["series"][0]["values"] == [0.7, 0.4]


@pytest.mark.parametrize("told", [None, history(timestamp=["a", "b"]), history(number_of_trees=[0, 5])])
def test_what_h2o_tells_nothing_of_has_a_sentence(told: pd.DataFrame | None):
    assert "tells no curve of StackedEnsemble_1" in str(learning_of("StackedEnsemble_1", told, classes=True))


def test_long_curves_keep_their_ends():
    places = evenly(5000)
    assert len(places) == 200 and places[0] == 0 and places[-1] == 4999
    assert evenly(3).tolist() == [0, 1, 2] and evenly(1).tolist() == [0]
