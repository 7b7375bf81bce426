"""AutoGluon after a machine was lost with its disk: levels of stacking, a search, folds, every kind of task."""

from __future__ import annotations

import json
import re

import numpy as np
import pandas as pd
import pytest
from lost_machine import lose_after, lose_within, lost_and_moved, newest_checkpoint
from tables import diabetes, wine
from trainer_bench import Run, Yard
from whole_set import predicted, share_explained

pytestmark = pytest.mark.autogluon
FAST = {"include": ["GBM", "XT"]}
#: Two levels of six cheap models on three folds.
STACKED = {
    "engine": "autogluon",
    "settings": {"include": ["GBM", "LR", "XT"], "stack_levels": 1},
    "split": {"folds": 3},
    "seconds": 90,
}


def noisy(rows: int = 400) -> pd.DataFrame:
    random = np.random.default_rng(3)
    frame = pd.DataFrame(random.normal(size=(rows, 5))).rename(columns=lambda number: f"x{number}")
    told = frame["x0"] * frame["x1"] + frame["x2"] + random.normal(0, 0.7, rows)
    return frame.assign(y=np.where(told > 0, "up", "down"))


@pytest.fixture(scope="module")
def undisturbed(shared_yard: Yard) -> Run:
    run = shared_yard.ask(noisy(), "y", "binary", **STACKED).train()
    assert run.code == 0, run.log
    return run


def fitted(run: Run) -> list[str]:
    said = [event["sentence"] for event in run.of("progress")]
    return [sentence.removeprefix("Fitting ") for sentence in said if sentence.startswith("Fitting ")]


def scores(run: Run) -> dict[str, float]:
    return {row["model"]: row["validation"] for row in run.report["leaderboard"] if not row["baseline"]}


@pytest.mark.parametrize("label", ["LightGBM_BAG_L1", "LightGBM_BAG_L2", None])
def test_levels_of_stacking_go_on_after_the_loss(
    yard: Yard, undisturbed: Run, tmp_path_factory: pytest.TempPathFactory, label: str | None
):
    lose = lose_after(label) if label else lose_within(8)
    asked = yard.ask(noisy(), "y", "binary", **STACKED)
    other = lost_and_moved(asked, lose, tmp_path_factory.mktemp("other"))
    kept = {row["model"] for row in json.loads((other.work / "resume" / "board.json").read_text("utf-8"))["rows"]}
    run = other.train()
    assert run.code == 0, run.log
    assert not kept & set(fitted(run))
    whole, now = scores(undisturbed), scores(run)
    singles = {name for name in whole if "_BAG_" in name}
    assert {name for name in singles if name.endswith("_BAG_L2")} and singles <= set(now)
    # Fitted before the loss or after it, on whichever level: the same folds give the same out-of-fold predictions.
    assert {name: now[name] for name in singles} == pytest.approx({name: whole[name] for name in singles})
    assert run.report["metric"] == undisturbed.report["metric"]
    assert run.report["best"]["validation"] == pytest.approx(undisturbed.report["best"]["validation"], abs=0.01)
    assert not [warning for warning in run.report["warnings"] if "levels" in warning]
    assert share_explained(other, noisy(), "y", "autogluon") > 0.4


def test_a_search_goes_on_with_the_tries_that_are_missing(yard: Yard, tmp_path_factory: pytest.TempPathFactory):
    ranges = {"GBM": {"learning_rate": [0.05, 0.3, "log"], "num_boost_round": 20}}
    settings = {"include": ["GBM", "LR"], "tuning": "random", "tuning_trials": 3, "ranges": json.dumps(ranges)}
    asked = yard.ask(noisy(), "y", "binary", engine="autogluon", settings=settings)
    # The families take turns.
    other = lost_and_moved(asked, lose_after("LightGBM_T2"), tmp_path_factory.mktemp("other"))
    run = other.train()
    assert run.code == 0, run.log
    assert fitted(run) == ["LinearModel_T2", "LightGBM_T3", "LinearModel_T3"]
    tries = {f"{name}_T{number}" for name in ("LightGBM", "LinearModel") for number in (1, 2, 3)}
    assert tries <= set(scores(run))
    assert not [warning for warning in run.report["warnings"] if "search" in warning]

    from autogluon.core.models import AbstractModel  # pyright: ignore[reportMissingImports]

    from trainer.engines.autogluon.tuning import drawn

    draws = drawn(["GBM"], ranges, "binary", range(1, 4), seed=0, seconds=60)["GBM"]
    rates = [draw["learning_rate"] for draw in draws]
    assert len(set(rates)) == 3 and all(0.05 <= rate <= 0.3 for rate in rates)
    newest = newest_checkpoint(other.work)
    assert newest is not None
    models = newest / "autogluon" / "models"
    loaded = [AbstractModel.load(str(models / f"LightGBM_T{number}")) for number in (1, 2, 3)]
    assert [model.params["learning_rate"] for model in loaded] == rates
    assert {model.params["num_boost_round"] for model in loaded} == {20}
    assert share_explained(other, noisy(), "y", "autogluon") > 0.3


def test_a_high_model_of_several_classes_goes_on_and_is_fitted_again_on_all_rows(
    yard: Yard, tmp_path_factory: pytest.TempPathFactory
):
    settings = {"preset": "high", "include": ["XT", "LR"]}
    asked = yard.ask(wine(), "cultivar", "multiclass", engine="autogluon", settings=settings, seconds=120)
    other = lost_and_moved(asked, lose_within(4), tmp_path_factory.mktemp("other"))
    kept = {row["model"] for row in json.loads((other.work / "resume" / "board.json").read_text("utf-8"))["rows"]}
    run = other.train()
    assert run.code == 0, run.log
    assert not kept & set(fitted(run))
    assert any("models were kept" in warning for warning in run.report["warnings"])
    assert "Fitted again on all training rows</dt><dd>yes" in (run.out / "report.html").read_text("utf-8")
    assert run.report["scores"]["test"]["accuracy"] > 0.9
    assert share_explained(other, wine(), "cultivar", "autogluon") > 0.9


def test_on_another_machine_it_fits_only_what_remains(yard: Yard, tmp_path_factory: pytest.TempPathFactory):
    asked = yard.ask(diabetes(), "progression", "regression", engine="autogluon", settings=FAST)
    other = lost_and_moved(asked, lose_after("LightGBM"), tmp_path_factory.mktemp("other"))
    run = other.train()
    assert run.code == 0, run.log
    fitted = [event["sentence"] for event in run.of("progress") if event["sentence"].startswith("Fitting")]
    assert "Fitting ExtraTreesMSE" in fitted and not {"Fitting LightGBM", "Fitting LightGBMXT"} & set(fitted)
    names = {row["model"] for row in run.report["leaderboard"]}
    assert {"LightGBMXT", "LightGBM", "ExtraTreesMSE"} <= names
    assert run.report["resumed"]["label"] == "LightGBM"
    assert any("models were kept" in warning for warning in run.report["warnings"])
    assert run.report["best"]["test"] < run.report["baseline"]["test"]
    assert share_explained(other, diabetes(), "progression", "autogluon") > 0.2


def test_on_another_machine_the_threshold_is_moved_for_the_winner_that_it_has_in_the_end(
    yard: Yard, tmp_path_factory: pytest.TempPathFactory
):
    # One in eight, so that F1 is best far from one half.
    random = np.random.default_rng(0)
    frame = pd.DataFrame(random.normal(size=(1500, 6))).rename(columns=lambda number: f"x{number}")
    frame = frame.assign(y=np.where(frame["x0"] + random.normal(size=1500) > 1.6, "yes", "no"))
    # What is fitted last suits it best, and no two are alike: then the faster one would win, whichever that is today.
    settings = {"include": ["XT", "LR"], "calibrate_threshold": "yes"}
    asked = yard.ask(frame, "y", "binary", engine="autogluon", settings=settings, metric="f1")
    other = lost_and_moved(asked, lose_after("ExtraTreesGini"), tmp_path_factory.mktemp("other"))
    run = other.train()
    assert run.code == 0, run.log
    found = re.findall(r"said from a probability of ([0-9.]+), which is best for (\S+)", run.log)
    threshold, model = found[-1]
    said = predicted(other, frame, ["y"], "autogluon")["y"] == "yes"
    found_both = int((said & (frame["y"] == "yes")).sum())
    # Whoever says yes of all rows has an F1 of about 0.2.
    assert 2 * found_both / (int(said.sum()) + int((frame["y"] == "yes").sum())) > 0.4
    # Not for the only one that the checkpoint had.
    assert found[0][1] == "ExtraTreesGini" and model == run.report["best"]["model"] != "ExtraTreesGini"
    assert float(threshold) != 0.5
    assert f"Threshold of decision</dt><dd>{threshold}" in (run.out / "report.html").read_text("utf-8")
