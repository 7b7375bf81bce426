"""A fitted recipe beside a model: the same rows as in Node, one by one too, and nothing of the machine within reach."""

from __future__ import annotations

import copy
import json
from pathlib import Path
from typing import Any

import duckdb
import pandas as pd
import pytest

from trainer.recipe import FittedRecipe, Prepared, RecipeProblem, load_recipe

Case = dict[str, Any]


@pytest.fixture
def model(cases: dict[str, Case], tmp_path: Path) -> Path:
    """An unpacked archive with the recipe of many steps, whose lookup lies beside it."""
    return unpacked(cases["all"], tmp_path / "model")


def unpacked(case: Case, folder: Path) -> Path:
    folder.mkdir()
    (folder / "recipe.json").write_text(json.dumps(case["fitted"]), "utf-8")
    connection = duckdb.connect()
    for statement in case["setup"]:
        connection.execute(statement)
    for lookup in case["fitted"]["lookups"]:
        connection.execute(f"COPY {lookup['name']} TO '{folder / lookup['file']}' (FORMAT parquet)")
    connection.execute(
        f'COPY (SELECT * EXCLUDE ("__ty_left_out", "__ty_fold") FROM input) TO \'{folder / "rows.parquet"}\''
    )
    return folder


def recipe_of(folder: Path) -> FittedRecipe:
    recipe = load_recipe(folder)
    assert recipe is not None
    return recipe


def raw(case: Case) -> pd.DataFrame:
    """As a CSV file without the label gives it: all text."""
    frame = pd.DataFrame(case["table"]["rows"], columns=pd.Index(list(case["table"]["columns"])), dtype=object)
    return frame.drop(columns=["churned"])


def expected(case: Case) -> tuple[list[list[Any]], list[str | None]]:
    return [row[2:] for row in case["appliedRows"]], [row[1] for row in case["appliedRows"]]


def assert_as_in_node(prepared: Prepared, case: Case) -> None:
    rows, out = expected(case)
    assert [reason is None for reason in prepared.left_out] == [step is None for step in out]
    for at, column in enumerate(case["fitted"]["outputColumns"]):
        found = prepared.features[column["name"]]
        assert len(found) == len(rows)
        for value, row in zip(found, rows, strict=True):
            told = row[at]
            if told is None:
                assert pd.isna(value)
            elif column["type"] == "DOUBLE":
                assert float(value) == float(told)
            elif column["type"] == "BIGINT":
                assert int(value) == int(told)
            elif column["type"] == "BOOLEAN":
                assert str(value).lower() == told
            else:
                assert str(value).startswith(told.split(" ")[0] if column["type"] == "TIMESTAMP" else told[:10])


def test_rows_as_text_become_what_node_made_of_them(cases: dict[str, Case], model: Path) -> None:
    assert_as_in_node(recipe_of(model).prepare_frame(raw(cases["all"])), cases["all"])


def test_rows_in_parquet_do_too(cases: dict[str, Case], model: Path) -> None:
    assert_as_in_node(recipe_of(model).prepare_parquet(model / "rows.parquet"), cases["all"])


def test_columns_called_like_those_within_change_nothing(cases: dict[str, Case], model: Path) -> None:
    rows = model / "odd.parquet"
    others = ", ".join(f"'no' AS \"{name}\"" for name in ("file_row_number", "__ty_left_out", "__ty_fold", "0"))
    duckdb.execute(f"COPY (SELECT {others}, * FROM '{model / 'rows.parquet'}') TO '{rows}' (FORMAT parquet)")
    assert_as_in_node(recipe_of(model).prepare_parquet(rows), cases["all"])


def test_names_are_told_apart_as_in_node(model: Path) -> None:
    fitted = {**recipe_of(model).fitted, "inputColumns": [{"name": "STRASSE", "type": "VARCHAR"}]}
    with pytest.raises(RecipeProblem, match="“STRASSE”, which is not in this data"):
        # One letter, which is not “ss” in lower case there.
        FittedRecipe(fitted, model).prepare_frame(pd.DataFrame({"straße": ["a"]}))


def test_typed_frames_do_too(cases: dict[str, Case], model: Path) -> None:
    frame = duckdb.connect().execute(f"FROM '{model / 'rows.parquet'}'").df()
    assert_as_in_node(recipe_of(model).prepare_frame(frame), cases["all"])


def test_one_row_alone_is_that_row_of_many(cases: dict[str, Case], model: Path) -> None:
    recipe, frame = recipe_of(model), raw(cases["all"])
    many = recipe.prepare_frame(frame)
    for at in range(0, len(frame), 57):
        one = recipe.prepare_frame(frame.iloc[[at]])
        assert one.left_out == [many.left_out[at]]
        for name in many.features.columns:
            alone, among = one.features[name].iloc[0], many.features[name].iloc[at]
            assert alone == among or (pd.isna(alone) and pd.isna(among))


def test_a_row_that_a_step_leaves_out_says_so(cases: dict[str, Case], model: Path) -> None:
    prepared = recipe_of(model).prepare_frame(raw(cases["all"]))
    reasons = {reason for reason in prepared.left_out if reason is not None}
    assert reasons == {"step 4 leaves out such a row: Leave out rows where “spent” is outside 2 % to 98 % of the rows"}
    assert 0 < prepared.kept.count(False) < 40


def test_no_rows_come_to_no_rows(cases: dict[str, Case], model: Path) -> None:
    prepared = recipe_of(model).prepare_frame(raw(cases["all"]).iloc[:0])
    assert len(prepared.features) == 0 and prepared.left_out == []


def test_a_model_without_a_recipe_has_none(tmp_path: Path) -> None:
    assert load_recipe(tmp_path) is None
    (tmp_path / "recipe.json").write_text("null", "utf-8")
    assert load_recipe(tmp_path) is None


def changed(case: Case, folder: Path, **parts: Any) -> FittedRecipe:
    return FittedRecipe({**copy.deepcopy(case["fitted"]), **parts}, folder)


def test_another_version_of_duckdb_is_refused(cases: dict[str, Case], model: Path) -> None:
    with pytest.raises(RecipeProblem, match=r"fitted with DuckDB 1\.0\.0, .* Install duckdb==1\.0\.0\."):
        changed(cases["all"], model, duckdb="1.0.0")
    with pytest.raises(RecipeProblem, match="only form 1"):
        changed(cases["all"], model, version=2)


def test_columns_and_values_that_do_not_fit_are_named(cases: dict[str, Case], model: Path) -> None:
    recipe, frame = recipe_of(model), raw(cases["all"])
    with pytest.raises(RecipeProblem, match="needs the column “age”, which is not in this data"):
        recipe.prepare_frame(frame.drop(columns=["age"]))
    few, more = "“[^”]+”(, “[^”]+”){4} and ", len(recipe.input_columns) - 6
    with pytest.raises(RecipeProblem, match=rf"needs the columns {few}{more} more, which are not .* Found: age\.$"):
        recipe.prepare_frame(frame[["age"]])
    wrong = frame.copy()
    wrong.loc[2, "age"] = "old"
    with pytest.raises(RecipeProblem, match="Column “age”, row 3: found “old”, but the model needs a whole number"):
        recipe.prepare_frame(wrong)
    wrong.loc[2, "age"] = "1.5"
    with pytest.raises(RecipeProblem, match=r"row 3: found “1\.5”"):
        recipe.prepare_frame(wrong)
    shouting = frame.rename(columns={"age": "AGE"}).assign(more="ignored")
    assert_as_in_node(recipe.prepare_frame(shouting), cases["all"])


def test_a_missing_lookup_is_named(cases: dict[str, Case], model: Path) -> None:
    (model / "lookup_s3.parquet").unlink()
    with pytest.raises(RecipeProblem, match=r"lookup_s3\.parquet is missing"):
        recipe_of(model).prepare_frame(raw(cases["all"]))


@pytest.mark.parametrize(
    "sql",
    [
        "SELECT * FROM read_text('{secret}')",
        "SELECT * FROM '{secret}'",
        "COPY (SELECT 1) TO '{secret}'",
        "SELECT 1; SELECT 2",
        "SET enable_external_access = true",
    ],
)
def test_its_sql_reaches_no_file_and_is_one_select(cases: dict[str, Case], model: Path, sql: str) -> None:
    secret = model / "secret.csv"
    secret.write_text("a\n1\n", "utf-8")
    recipe = changed(cases["all"], model, applySql=sql.replace("{secret}", str(secret)))
    with pytest.raises((RecipeProblem, duckdb.PermissionException)):
        recipe.prepare_parquet(model / "rows.parquet")
    assert secret.read_text("utf-8") == "a\n1\n"


def test_an_archive_whose_recipe_is_broken_says_so(model: Path) -> None:
    (model / "recipe.json").write_text('{"version": 1}', "utf-8")
    with pytest.raises(RecipeProblem, match="cannot be read"):
        load_recipe(model)
