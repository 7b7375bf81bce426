"""Training and predicting with a recipe, as Trainyard leaves it beside the rows."""

from __future__ import annotations

import json
import subprocess
import sys
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import duckdb
import numpy as np
import pandas as pd
import pytest
from trainer_bench import Run, Yard

Here = Callable[[Yard], Run]
FAST = {"algorithm": "extra_trees", "trees": 30}
ROWS, FOLDS = 240, 4
TRAINED = {"settings": FAST, "split": {"folds": FOLDS}}


def raw(rows: int = ROWS) -> pd.DataFrame:
    random = np.random.default_rng(3)
    age = random.integers(18, 80, rows)
    plan = random.choice([" Basic", "PREMIUM", "basic "], rows)
    return pd.DataFrame(
        {
            "age": pd.Series(age).mask(random.random(rows) < 0.1).astype("Int64"),
            "plan": plan,
            "since": pd.Timestamp("2024-01-01") + pd.to_timedelta(random.integers(0, 900, rows), unit="D"),
            "churned": np.where(age + random.normal(0, 8, rows) > 50, "yes", "no"),
        }
    )


#: As domain/recipe/fitted-recipe.ts describes it: trim and lower, look up, leave out the young, keep three columns.
FITTED: dict[str, Any] = {
    "version": 1,
    "duckdb": duckdb.__version__,
    "inputColumns": [{"name": "age", "type": "BIGINT"}, {"name": "plan", "type": "VARCHAR"}],
    "applySql": """WITH stage_1 AS (
        SELECT "__ty_row", CASE WHEN "age" < 25 THEN 's3' END AS "__ty_left_out", coalesce("age", 47) AS "age",
          lower(trim("plan")) AS "plan" FROM input)
        SELECT "__ty_row", "__ty_left_out", "age", "plan",
          (SELECT l."price" FROM lookup_s4 AS l WHERE l."plan" = s."plan") AS "price"
        FROM stage_1 AS s ORDER BY "__ty_row\"""",
    "outputColumns": [
        {"name": "age", "type": "BIGINT"},
        {"name": "plan", "type": "VARCHAR"},
        {"name": "price", "type": "DOUBLE"},
    ],
    "lookups": [{"name": "lookup_s4", "file": "lookup_s4.parquet", "datasetId": "d", "columns": []}],
    "steps": [
        {"id": "s1", "place": 1, "sentence": "Trim plan", "applied": True, "learnedFromAllRows": False},
        {"id": "s3", "place": 3, "sentence": "Keep rows of the grown-up", "applied": True,
         "leavesOut": "step 3 leaves out such a row: Keep rows of the grown-up", "learnedFromAllRows": False},
        {"id": "s4", "place": 4, "sentence": "Look up price", "applied": True, "learnedFromAllRows": False},
    ],
}  # fmt: skip


def told(**changes: Any) -> dict[str, Any]:
    steps = [
        {**{name: step[name] for name in ("id", "place", "sentence", "learnedFromAllRows")},
         "rowsIn": ROWS, "rowsOut": ROWS - 20, "leftOut": 20 if step["id"] == "s3" else 0}
        for step in FITTED["steps"]
    ]  # fmt: skip
    steps[0]["learned"] = "the median of the training rows: 47"
    recipe = {"id": "r", "name": "clean", "version": 2}
    return {
        "version": 1,
        "recipe": recipe,
        "rowsIn": ROWS,
        "rowsOut": ROWS - 20,
        "crossFitted": [],
        "steps": steps,
    } | changes


def lay_out(yard: Yard, frame: pd.DataFrame, label: str = "churned", kind: str = "binary", **changes: Any) -> Yard:
    """As staging leaves it: the prepared rows with their folds, the recipe, a lookup, some rows as they came."""
    given = changes.pop("told", {})
    folder = yard.work / "input" / "recipe"
    folder.mkdir(parents=True)
    connection = duckdb.connect()
    connection.execute(
        f"COPY (FROM (VALUES ('basic', 9.5), ('premium', 20.25)) t(plan, price)) TO '{folder}/lookup_s4.parquet'"
    )
    connection.execute(f"CREATE TABLE lookup_s4 AS FROM '{folder}/lookup_s4.parquet'")
    connection.register("frame", frame)
    connection.execute("CREATE TABLE input AS SELECT row_number() OVER () - 1 AS __ty_row, * FROM frame")
    connection.execute(f"COPY (SELECT age, plan FROM input LIMIT 12) TO '{folder}/golden.parquet'")
    connection.execute(f"CREATE TABLE prepared AS {FITTED['applySql']}")
    prepared = connection.execute(
        f"""SELECT p.age, p.plan, p.price, i."{label}", CASE WHEN p.__ty_row % 5 = 0 THEN -1 ELSE p.__ty_row % {FOLDS} END
            AS __ty_fold FROM prepared p JOIN input i USING (__ty_row) WHERE __ty_left_out IS NULL ORDER BY __ty_row"""
    ).df()
    (folder / "recipe.json").write_text(json.dumps(FITTED), "utf-8")
    (folder / "preparation.json").write_text(json.dumps(told(**given)), "utf-8")
    yard.ask(prepared, label, kind, **changes)
    yard.spec["columns"] = [column for column in yard.spec["columns"] if column["name"] != "__ty_fold"]
    yard.spec["recipe"] = "input/recipe"
    return yard


@pytest.fixture(scope="module")
def churn(shared_yard: Yard) -> Run:
    run = lay_out(shared_yard, raw(), **TRAINED).train()
    assert run.code == 0, run.log
    return run


def unpacked(run: Run) -> Path:
    folder = run.out.parent / f"{run.out.name}-unpacked"
    with zipfile.ZipFile(run.out / "model.zip") as archive:
        archive.extractall(folder)
    return folder


def outside(folder: Path, csv: str, *more: str) -> subprocess.CompletedProcess[str]:
    (folder / "rows.csv").write_text(csv, "utf-8")
    command = [sys.executable, "-I", str(folder / "predict.py"), *more, str(folder / "rows.csv")]
    return subprocess.run(command, capture_output=True, text=True, timeout=120)


def test_holds_out_the_rows_that_the_recipe_did_not_learn_from(churn: Run, shared_yard: Yard):
    rows = duckdb.execute(
        f"SELECT count(*) FILTER (__ty_fold >= 0), count(*) FILTER (__ty_fold < 0) FROM '{shared_yard.work}/input/data.parquet'"
    ).fetchone()
    assert rows is not None
    assert churn.report["rows"] == {"train": rows[0], "validation": rows[0], "test": rows[1]}


def test_the_report_tells_of_every_step(churn: Run):
    recipe = churn.report["recipe"]
    assert (recipe["name"], recipe["version"], recipe["rowsOut"]) == ("clean", 2, ROWS - 20)
    assert [step["place"] for step in recipe["steps"]] == [1, 3, 4]
    page = (churn.out / "report.html").read_text("utf-8")
    assert "How the data was prepared" in page and "20 rows left out" in page
    assert "the median of the training rows: 47" in page
    assert churn.report["warnings"] == []


def test_what_comes_in_are_rows_as_they_were_before_the_recipe(churn: Run):
    schema = json.loads((churn.out / "input-schema.json").read_text("utf-8"))
    assert schema["columns"] == [{"name": "age", "sqlType": "BIGINT"}, {"name": "plan", "sqlType": "VARCHAR"}]
    assert [column["name"] for column in schema["prepared"]] == ["age", "plan", "price"]
    assert schema["recipe"] == {"id": "r", "name": "clean", "version": 2, "leavesOut": True}


def test_every_row_has_one_row_in_its_place_and_left_out_ones_a_reason(churn: Run, shared_yard: Yard):
    rows = raw(30).drop(columns="churned").assign(age=pd.array([20, None, *range(30, 58)], dtype="Int64"), not_scored=1)
    run = shared_yard.predict(rows)
    assert run.code == 0, run.log
    found = duckdb.execute(f"SELECT * FROM '{run.out}/predictions.parquet'").fetchall()
    names = [row[0] for row in duckdb.execute(f"DESCRIBE FROM '{run.out}/predictions.parquet'").fetchall()]
    assert names == ["age", "plan", "since", "churned_predicted", "churned_probability_no", "churned_probability_yes", "not_scored"]  # fmt: skip
    assert [row[0] for row in found] == [20, None, *range(30, 58)]
    assert found[0][3:] == (None, None, None, "step 3 leaves out such a row: Keep rows of the grown-up")
    assert all(row[3] in ("yes", "no") and row[5] is not None and row[6] is None for row in found[1:])
    assert run.of("progress")[-1]["sentence"].startswith("Predicted 29 rows; 1 were left out")


def test_outside_raw_rows_go_through_the_recipe_and_say_the_same(churn: Run, shared_yard: Yard):
    folder = unpacked(churn)
    assert f"duckdb=={duckdb.__version__}" in (folder / "requirements.txt").read_text("utf-8").splitlines()
    ended = outside(folder, "plan,age\n Basic,61\nPREMIUM,22\nbasic ,\n")
    assert ended.returncode == 0, ended.stderr
    header, *lines = ended.stdout.splitlines()
    assert header == "plan,age,churned_predicted,churned_probability_no,churned_probability_yes,not_scored"
    assert lines[1].startswith("PREMIUM,22,,,,step 3 leaves out")
    inside = shared_yard.predict(
        pd.DataFrame({"plan": [" Basic", "basic "], "age": pd.array([61, None], dtype="Int64")})
    )
    scored = duckdb.execute(f"SELECT churned_probability_yes FROM '{inside.out}/predictions.parquet'").fetchall()
    assert [float(line.split(",")[4]) for line in (lines[0], lines[2])] == pytest.approx([row[0] for row in scored])


@pytest.mark.parametrize(
    ("csv", "said"),
    [
        ("age\n3\n", "needs the column “plan”"),
        ("age,plan\n30,basic\nold,basic\n", "Column “age”, row 2: found “old”, but the model needs a whole number"),
    ],
)
def test_outside_rows_that_do_not_fit_are_refused(churn: Run, csv: str, said: str):
    ended = outside(unpacked(churn), csv)
    assert ended.returncode == 65 and said in ended.stderr


@pytest.mark.parametrize("broken", ["lookup", "engine", "version"])
def test_a_model_that_does_not_answer_as_it_did_is_refused(churn: Run, broken: str, tmp_path: Path):
    folder = tmp_path / "broken"
    with zipfile.ZipFile(churn.out / "model.zip") as archive:
        archive.extractall(folder)
    if broken == "lookup":
        duckdb.execute(f"COPY (FROM (VALUES ('basic', 9.75)) t(plan, price)) TO '{folder}/lookup_s4.parquet'")
    elif broken == "engine":
        golden = json.loads((folder / "golden.json").read_text("utf-8"))
        golden["outcome"]["predicted"]["rows"][0][1] += "1"
        (folder / "golden.json").write_text(json.dumps(golden), "utf-8")
    else:
        recipe = (folder / "recipe.json").read_text("utf-8")
        (folder / "recipe.json").write_text(recipe.replace(f'"{duckdb.__version__}"', '"0.9.2"'), "utf-8")
    unasked = outside(folder, "age,plan\n30,basic\n")
    assert unasked.returncode == 70 and "is not what it was when the model was made" in unasked.stderr
    # Told to load it all the same, it is still compared with what it said then.
    ended = outside(folder, "age,plan\n30,basic\n", "--unverified")
    assert (ended.returncode, ended.stdout) == (70, "")
    assert ("DuckDB 0.9.2" if broken == "version" else "does not answer as it did when it was made") in ended.stderr


def test_a_job_that_goes_on_needs_the_same_recipe(churn: Run, shared_yard: Yard, tmp_path: Path):
    other = lay_out(Yard(tmp_path), raw(), start_from="input/model.zip", seconds=4, **TRAINED)
    (tmp_path / "input" / "model.zip").write_bytes((churn.out / "model.zip").read_bytes())
    assert other.train().code == 0
    recipe = json.dumps(FITTED).replace("47", "48")
    (tmp_path / "input" / "recipe" / "recipe.json").write_text(recipe, "utf-8")
    run = other.train("again")
    assert run.code == 65 and "by another recipe" in run.failure["message"]


def test_says_which_steps_learned_from_rows_that_are_judged(yard: Yard, here: Here):
    steps = told()["steps"]
    steps[2]["learnedFromAllRows"] = True
    run = here(lay_out(yard, raw(), told={"steps": steps, "crossFitted": ["s1"]}, **TRAINED))
    assert run.code == 0
    (warning,) = run.report["warnings"]
    assert "step 4 (Look up price) learned from all rows" in warning


def test_an_engine_that_makes_its_own_folds_is_said_to(yard: Yard, here: Here, monkeypatch: pytest.MonkeyPatch):
    from dataclasses import replace

    import trainer.engines.sklearn as engine

    monkeypatch.setattr(engine, "DECLARATION", replace(engine.DECLARATION, takes_folds=False))
    run = here(lay_out(yard, raw(), told={"crossFitted": ["s4"]}, **TRAINED))
    assert "step 4 (Look up price) was fitted on all training rows" in run.report["warnings"][0]


def test_a_class_that_only_held_out_rows_have_is_refused(yard: Yard, here: Here):
    frame = raw()
    frame.loc[[0, 5], "churned"] = "maybe"
    frame.loc[[0, 5], "age"] = 70
    run = here(lay_out(yard, frame, kind="multiclass", **TRAINED))
    assert run.code == 65 and "“maybe” in “churned” is in held-out rows only" in run.failure["message"]


@pytest.mark.parametrize(("preset", "folds"), [("good", FOLDS), ("medium", 0)])
@pytest.mark.autogluon
def test_autogluon_validates_by_the_folds_that_it_is_given(yard: Yard, preset: str, folds: int):
    settings = {"preset": preset, "include": ["GBM"]}
    run = lay_out(
        yard, raw(), engine="autogluon", settings=settings, seconds=40, told={"crossFitted": ["s4"]}, split={"folds": folds}
    ).train()  # fmt: skip
    assert run.code == 0, run.log
    rows = duckdb.execute(
        f"SELECT count(*) FILTER (__ty_fold >= 0), count(*) FILTER (__ty_fold = 0) FROM '{yard.work}/input/data.parquet'"
    ).fetchone()
    assert rows is not None
    expected = rows[0] if preset == "good" else rows[1]
    assert run.report["rows"]["validation"] == expected
    assert run.report["warnings"] == []
    if preset == "good":
        assert "Bagged models will have 4 splits" in run.log
    predicted = yard.predict(raw(10).drop(columns="churned"), engine="autogluon")
    assert predicted.code == 0, predicted.log
