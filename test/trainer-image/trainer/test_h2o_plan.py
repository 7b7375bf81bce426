"""What H2O is told of columns, and what is settled before Java is started. No Java in here."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
from tables import mixed_table
from trainer_bench import Run, Yard

from trainer.checking import found_in
from trainer.contract import Column
from trainer.engine import load_engine
from trainer.engines.h2o import java, portable
from trainer.engines.h2o.plan import MOST_LEVELS, class_tokens, make_plan
from trainer.engines.h2o.portable import prepare
from trainer.engines.h2o.steps import first_plan, further_plan
from trainer.failures import TrainerFailure


def planned(frame: pd.DataFrame, **types: str) -> tuple[list[dict], pd.DataFrame]:
    columns = [Column(name, types[name]) for name in frame.columns]
    plan, _ = make_plan(frame, columns, {"ty_label"})
    return plan, prepare(frame, plan)


def test_ids_with_leading_zeros_stay_text():
    _, ready = planned(pd.DataFrame({"code": ["007", "7", "07", None]}), code="VARCHAR")
    said = ready["code"].tolist()
    assert len(set(said[:3])) == 3 and said[3] is None
    assert not any(str(token)[0].isdigit() for token in said[:3])


@pytest.mark.parametrize(
    "text", ["NA", "nan", "null", "1e5", "2020-01-01", "", " a", "a,b", 'a"b', "a\nb", "#1", "ja?"]
)
def test_what_a_reader_of_csv_could_take_for_something_else_has_another_name(text: str):
    _, ready = planned(pd.DataFrame({"c": [text, "plain"]}, dtype=object), c="VARCHAR")
    assert ready["c"].tolist()[1] == "plain" and ready["c"].tolist()[0] == "level 0"


def test_columns_with_odd_names_and_names_of_ours_get_others():
    frame = pd.DataFrame({'odd "name", [x]:{y}': [1.0, 2.0], "ty_label": [2.0, 3.0], "age": [1.0, 2.0]})
    _, ready = planned(frame, **dict.fromkeys(frame.columns, "DOUBLE"))
    assert list(ready.columns) == ["column_0", "column_1", "age"]


def test_rare_levels_are_one_and_a_new_one_is_like_them():
    values = [f"v{number}" for number in range(MOST_LEVELS + 5)] + ["v1"] * 3
    plan, ready = planned(pd.DataFrame({"c": values}), c="VARCHAR")
    assert ready["c"].nunique() == MOST_LEVELS + 1
    assert prepare(pd.DataFrame({"c": ["never seen", "v1"]}), plan)["c"].tolist() == ["other levels", "v1"]


def test_a_new_level_of_few_is_like_a_missing_one():
    plan, _ = planned(pd.DataFrame({"c": ["a", "b"]}), c="VARCHAR")
    assert prepare(pd.DataFrame({"c": ["new", "b"]}), plan)["c"].tolist() == [None, "b"]


def test_dates_booleans_and_texts_become_what_they_mean():
    frame = mixed_table(200)
    types = {"joined": "TIMESTAMP", "note": "VARCHAR", "newsletter": "BOOLEAN"}
    frame = frame[list(types)].assign(newsletter=frame["newsletter"].astype("float64"))
    _, ready = planned(frame, **types)
    assert {"joined days", "joined month", "note length", "note word 0"} <= set(ready.columns)
    assert set(ready["newsletter"].dropna()) == {"yes", "no"} and ready["newsletter"].isna().any()
    assert ready.loc[0, "joined days"] == (frame.loc[0, "joined"] - pd.Timestamp(0)).days


def test_classes_keep_plain_names():
    assert class_tokens(["no", "yes"]) == ["no", "yes"]
    assert class_tokens(["0", "1"]) == ["class 0", "class 1"]
    assert class_tokens(["<1", ">1"]) == ["class 0", "class 1"]


def test_what_was_finished_is_not_asked_for_again_but_grids_go_on():
    asked = [f"{one['name']} {one['steps'][0]['id']}" for one in first_plan({"XGBoost"}, {"GLM def_1", "GBM grid_1"})]
    assert asked[0] == "GBM def_5" and "GLM def_1" not in asked and "GBM grid_1" in asked
    assert not any("XGBoost" in step for step in asked)
    assert further_plan({"DeepLearning"}, set()) == []


@pytest.fixture
def no_java(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(portable.importlib.util, "find_spec", lambda name: None)
    monkeypatch.delenv("JAVA_HOME", raising=False)
    monkeypatch.setenv("PATH", str(tmp_path))


def test_without_java_it_says_how_to_get_it_before_anything_else(no_java: None, yard: Yard, here: object):
    run: Run = here(yard.ask(mixed_table().drop(columns="spend"), "churned", "binary", engine="h2o"))  # type: ignore[operator]
    assert run.code == 75
    assert run.failure["type"] == "EngineUnavailable" and "apt-get install openjdk" in run.failure["message"]
    assert not run.of("progress")  # not even the data was read


def test_java_is_looked_for_by_java_home_and_then_on_the_path(
    no_java: None, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
):
    on_path, home = tmp_path / "java", tmp_path / "jdk" / "bin" / "java"
    home.parent.mkdir(parents=True)
    for program in (on_path, home):
        program.write_text("#!/bin/sh\n")
        program.chmod(0o755)
    assert java.require_java() == str(on_path)
    monkeypatch.setenv("JAVA_HOME", str(home.parents[1]))
    assert java.require_java() == str(home)


def test_the_memory_of_java_is_half_of_the_machines_within_bounds(monkeypatch: pytest.MonkeyPatch):
    whole = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") >> 20
    assert 0 < java.heap_megabytes(0) <= whole // 2
    assert java.heap_megabytes(1.5) == 1536
    # A size up has to help: the heap grows with the machine.
    for gib, megabytes in ((8, 4096), (16, 8192), (64, 32_768), (1024, 131_072)):
        monkeypatch.setattr(java, "_machine_bytes", lambda gib=gib: gib << 30)
        assert java.heap_megabytes(0) == megabytes


def test_without_java_only_its_environment_can_say_so(no_java: None):
    columns = [{"name": "x", "sqlType": "DOUBLE"}, {"name": "y", "sqlType": "VARCHAR", "role": "label"}]
    task = {"kind": "binary", "labels": ["y"]}
    spec = {"kind": "train", "engine": "h2o", "task": task, "columns": columns, "data": "input/data.parquet"}
    assert found_in(spec, here=False) == [None]
    (found,) = found_in(spec, here=True)
    assert found is not None and found["type"] == "EngineUnavailable" and "needs Java" in found["message"]


def test_on_the_machine_its_own_memory_is_what_counts(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(java, "find_java", lambda: sys.executable)
    monkeypatch.setattr(java, "_machine_bytes", lambda: 4 << 30)
    engine = load_engine("h2o")
    spec = SimpleNamespace(machine_gib=None)
    engine.check_here(spec, {"memory_gb": 4.0})  # type: ignore[attr-defined]
    with pytest.raises(TrainerFailure) as caught:
        engine.check_here(spec, {"memory_gb": 4.5})  # type: ignore[attr-defined]
    assert caught.value.field == "engine.settings.memory_gb" and "the machine has 4" in caught.value.message


@pytest.mark.parametrize(
    ("settings", "kind", "said"),
    [
        ({"exclude": ["GLM", "GBM", "XGBoost"]}, "binary", "Leave one in"),
        ({"stopping_metric": "AUC"}, "multiclass", "has no meaning for “multiclass”"),
        ({"stopping_metric": "RMSE"}, "binary", "has no meaning for “binary”"),
        ({"memory_gb": 0.1}, "regression", "at least 0.5 GB"),
    ],
)
def test_settings_that_cannot_go_together_are_refused(settings: dict, kind: str, said: str):
    engine = load_engine("h2o")
    settled = engine.DECLARATION.settled(settings, kind)  # type: ignore[arg-type]
    spec = SimpleNamespace(task=SimpleNamespace(kind=kind), start_from=None, machine_gib=None)
    with pytest.raises(TrainerFailure) as caught:
        engine.check(spec, settled, None)  # type: ignore[arg-type]
    assert caught.value.type == "BadSettings" and said in caught.value.message


def test_numbers_that_are_infinite_are_missing():
    _, ready = planned(pd.DataFrame({"n": [1.0, np.inf, -np.inf]}), n="DOUBLE")
    assert ready["n"].isna().tolist() == [False, True, True]
