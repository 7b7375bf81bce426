"""What is refused before there is a machine: by the code that runs on it, by the standard library alone."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from tables import iris
from trainer_bench import TRAINER_IMAGE, Run, Yard

from trainer.checking import found_in
from trainer.engine import load_engine
from trainer.engines.sklearn.hyperparameters import check_names, check_values, estimator_of, names_of
from trainer.failures import TrainerFailure
from trainer.portable.predict import family as family_of_archive
from trainer.sql_types import family

RANGES = "engine.settings.ranges"
STACKING = "engine.settings.stack_levels"
HYPER = "engine.settings.hyperparameters"

#: engine, settings, what else the spec says, where the problem is, what is said of it
REFUSED: dict[str, tuple[str, dict[str, Any], dict[str, Any], str, str]] = {
    "ranges that are no JSON": ("autogluon", {"tuning": "random", "ranges": '{"GBM":'}, {}, RANGES, "they are no JSON"),
    "ranges of no family": ("autogluon", {"tuning": "random", "ranges": '{"NN": {}}'}, {}, RANGES, "“NN” is not among"),
    "ranges without a search": ("autogluon", {"ranges": '{"GBM": {"max_depth": [1, 5]}}'}, {}, RANGES, "the search is off"),
    "no family left": ("autogluon", {"include": ["GBM"], "exclude": ["GBM"]}, {}, "engine.settings.exclude", "also left out"),
    "stacking without folds": ("autogluon", {"stack_levels": 1}, {}, STACKING, "Stacking needs folds"),
    "stacking in the order of time": (
        "autogluon", {"stack_levels": 1}, {"split": {"folds": 5, "timeColumn": "x"}}, STACKING, "in the order of time",
    ),
    "stacking when going on": (
        "autogluon", {"stack_levels": 1, "preset": "good"}, {"startFrom": "input/model.zip"}, STACKING, "train afresh",
    ),
    "groups and time": ("sklearn", {}, {"split": {"groupColumn": "a", "timeColumn": "b"}}, "split.timeColumn", "not by both"),
    "hyperparameters that are no JSON": ("sklearn", {"algorithm": "tree", "hyperparameters": "{"}, {}, HYPER, "no JSON"),
    "hyperparameters of no algorithm": ("sklearn", {"hyperparameters": '{"C": 1}'}, {}, HYPER, "Choose it first"),
    "a hyperparameter that there is not": (
        "sklearn", {"algorithm": "tree", "hyperparameters": '{"depth": 3}'}, {}, HYPER,
        "DecisionTreeClassifier has no hyperparameter “depth”. It has: ccp_alpha",
    ),
    "hidden layers that are none": (
        "sklearn", {"hidden_layers": "wide"}, {}, "engine.settings.hidden_layers", "not “wide”",
    ),
    "too many rows for a support vector machine": (
        "sklearn", {"algorithm": "svm"}, {"rows": 50_001}, "engine.settings.algorithm", "take hours on 50001 rows",
    ),
    "weights for what cannot weigh rows": (
        "sklearn", {"algorithm": "nearest_neighbours"}, {"types": {"w": "DOUBLE"}, "weight": "w"},
        "engine.settings.algorithm", "Nearest neighbours cannot weigh rows: for it all would count the same, whatever “w” says",
    ),
    "a metric of another task": ("sklearn", {}, {"metric": "rmse"}, "task.metric", "“rmse” does not fit"),
    "a task that the engine cannot": (
        "h2o", {}, {"task": {"kind": "multilabel", "labels": ["y", "z"]}}, "task.kind", "cannot do the task “multilabel”",
    ),
    "a setting of another task": (
        "h2o", {"enough_r2": 0.5}, {}, "engine.settings.enough_r2", "has no meaning for the task “binary”",
    ),
    "a metric to stop by of another task": (
        "h2o", {"stopping_metric": "MAE"}, {}, "engine.settings.stopping_metric", "has no meaning",
    ),
    "nothing to begin with": ("h2o", {"exclude": ["GLM", "GBM", "XGBoost"]}, {}, "engine.settings.exclude", "Leave one in"),
    "too little memory for Java": ("h2o", {"memory_gb": 0.1}, {}, "engine.settings.memory_gb", "at least 0.5 GB"),
    "more memory than the machine has": (
        "h2o", {"memory_gb": 16.1}, {"machine": {"memoryGib": 16}}, "engine.settings.memory_gb", "the machine has 16",
    ),
    "going on with H2O": ("h2o", {}, {"startFrom": "input/model.zip"}, "continuesJobId", "Train afresh"),
    "texts where there are none": ("torch", {"data": "text"}, {}, "engine.settings.data", "a column of text is needed"),
    "pixels that are no image": (
        "torch", {"data": "image", "image_width": 9}, {}, "engine.settings.image_width", "do not make up the 1 columns",
    ),
    "images in a table": ("sklearn", {}, {"types": {"x": "BLOB"}}, "engine.name", "scikit-learn cannot learn from"),
}  # fmt: skip


def spec_of(engine: str, settings: dict[str, Any], more: dict[str, Any] | None = None) -> dict[str, Any]:
    more = dict(more or {})
    task = more.pop("task", {"kind": "binary", "labels": ["y"], "metric": more.pop("metric", None)})
    types = {"x": "DOUBLE", **more.pop("types", {})}
    columns = [{"name": name, "sqlType": type} for name, type in types.items()]
    labels = [{"name": name, "sqlType": "VARCHAR", "role": "label"} for name in task["labels"]]
    return {
        **{"kind": "train", "engine": engine, "settings": settings, "task": task, "columns": [*columns, *labels]},
        **{"data": "input/data.parquet", **more},
    }


@pytest.mark.parametrize("case", REFUSED)
def test_what_cannot_go_together_is_known_from_the_spec(case: str):
    engine, settings, more, field, said = REFUSED[case]
    (found,) = found_in(spec_of(engine, settings, more), here=False)
    assert found is not None and found["field"] == field and said in found["message"]


@pytest.mark.parametrize("engine", ["sklearn", "autogluon", "h2o", "torch"])
def test_what_an_engine_does_by_itself_is_not_refused(engine: str):
    assert found_in(spec_of(engine, {}, {"machine": {"memoryGib": 8}, "rows": 1000}), here=False) == [None]


def test_memory_up_to_the_machines_own_is_not_refused():
    whole = {"machine": {"memoryGib": 16}}
    assert found_in(spec_of("h2o", {"memory_gb": 16}, whole), here=False) == [None]
    assert found_in(spec_of("h2o", {"memory_gb": 900}), here=False) == [None]  # of no machine nothing is known


def test_stacking_with_folds_or_quality_is_not_refused():
    folds = {"split": {"folds": 5}}
    assert found_in(spec_of("autogluon", {"stack_levels": 1}, folds), here=False) == [None]
    by_time = {"split": {"timeColumn": "x"}}
    assert found_in(spec_of("autogluon", {"stack_levels": 1, "preset": "good"}, by_time), here=False) == [None]
    going_on = {"startFrom": "input/model.zip"}
    assert found_in(spec_of("autogluon", {"stack_levels": 0, "preset": "good"}, going_on), here=False) == [None]


def test_each_trial_is_judged_by_itself():
    spec = {**spec_of("autogluon", {}), "trials": [{}, {"stack_levels": 2}, {"stack_levels": 0}]}
    assert [found and found["field"] for found in found_in(spec, here=False)] == [None, STACKING, None]


def test_the_verb_needs_the_standard_library_only(tmp_path: Path):
    """Without `site` no package is found that is not Python's own."""
    path = tmp_path / "spec.json"
    for engine, settings, more, field, _ in REFUSED.values():
        path.write_text(json.dumps(spec_of(engine, settings, more)), "utf-8")
        asked = [sys.executable, "-s", "-S", "-m", "trainer", "check", "--spec", str(path)]
        environment = {**os.environ, "PYTHONPATH": str(TRAINER_IMAGE)}
        done = subprocess.run(asked, capture_output=True, text=True, env=environment, timeout=60, check=True)
        assert json.loads(done.stdout)["found"][0]["field"] == field


@pytest.mark.parametrize(
    "settings",
    [
        {"algorithm": "tree", "hyperparameters": '{"depth": 3}'},
        {"algorithm": "tree", "hyperparameters": '{"max_depth": -3}'},
        {"hidden_layers": "wide"},
        {"trees": 0},
    ],
)
def test_the_machine_says_the_same(settings: dict[str, Any], yard: Yard, here: Callable[[Yard], Run]):
    asked = yard.ask(iris(), "species", "multiclass", settings=settings)
    (found,) = found_in(asked.spec, here=True)
    run = here(asked)
    assert found is not None and run.code == 65
    assert run.failure == {"type": found["type"], "message": found["message"]}


def test_a_spec_that_is_none_ends_with_a_sentence(tmp_path: Path):
    path = tmp_path / "spec.json"
    path.write_text('{"kind": "predict"}', "utf-8")
    asked = [sys.executable, "-m", "trainer", "check", "--spec", str(path)]
    environment = {**os.environ, "PYTHONPATH": str(TRAINER_IMAGE)}
    done = subprocess.run(asked, capture_output=True, text=True, env=environment, timeout=60)
    assert done.returncode == 65 and "has to be “train”" in done.stderr


def test_the_names_of_hyperparameters_are_those_of_the_library():
    """Made anew by this very comparison: write what `names_of` gives into hyperparameters.json."""
    engine = load_engine("sklearn")
    path = TRAINER_IMAGE / "trainer" / "engines" / "sklearn" / "hyperparameters.json"
    kept = json.loads(path.read_text("utf-8"))
    (algorithm,) = (setting for setting in engine.DECLARATION.settings if setting.name == "algorithm")
    names = [value for value, _ in algorithm.choices if value != "auto"]
    assert {kind: sorted(each) for kind, each in kept.items()} == {"classes": sorted(names), "numbers": sorted(names)}
    for name in names:
        for kind, task in (("classes", "binary"), ("numbers", "regression")):
            settings = engine.DECLARATION.settled({"algorithm": name}, task)  # type: ignore[arg-type]
            assert names_of(estimator_of(settings, classes=kind == "classes")) == kept[kind][name]


def test_values_of_hyperparameters_are_judged_by_the_library():
    settings = load_engine("sklearn").DECLARATION.settled(
        {"algorithm": "tree", "hyperparameters": '{"max_depth": -3}'}, "binary"
    )
    check_names(settings, classes=True)
    with pytest.raises(TrainerFailure) as caught:
        check_values(settings, classes=True)
    assert caught.value.field == HYPER and "must be an int in the range [1, inf)" in caught.value.message


TYPES = "BIGINT DOUBLE HUGEINT UTINYINT DECIMAL(18,3) FLOAT BOOLEAN DATE TIMESTAMP TIMESTAMP_NS TIMESTAMP[] BLOB VARCHAR TIME UUID"


@pytest.mark.parametrize("sql_type", TYPES.split())
def test_types_mean_the_same_in_an_archive(sql_type: str):
    assert family(sql_type) == family_of_archive(sql_type)
