"""The README of a model's archive: how to load it outside Trainyard."""

from __future__ import annotations

from typing import Any

from trainer.portable.predict import class_name, family
from trainer.report.plots import figure, held_out_between


def make_readme(report: dict[str, Any], schema: dict[str, Any], note: str) -> str:
    best, metric = report["best"], report["metric"]
    between = held_out_between(report, figure)
    interval = f" ({between} with 95 % confidence)" if between else ""
    test = figure(best["test"])
    columns = "\n".join(f"| {_cell(column['name'])} | {_type(column['sqlType'])} |" for column in schema["columns"])
    adds = _added(schema)
    recipe = report["recipe"]
    adds += _steps(recipe, schema)
    python = ".".join(report["versions"]["python"].split(".")[:2])
    return f"""# A model that predicts “{report["label"]}”

{best["model"]}, trained by Trainyard with {report["engineTitle"]}.
{metric["title"]} {test} on {report["rows"]["test"]} held-out rows{interval}. {report["baseline"]["sentence"]}

## Use it

With Python {python}:

```
python -m venv env && . env/bin/activate
pip install -r requirements.txt
python predict.py data.csv > predictions.csv
```

Every file is compared with `manifest.json` first; what was altered since the model was made is not loaded, unless you say
`python predict.py --unverified data.csv`. Who made it tells `signature.json`, which signs `manifest.json`.

The answer has one row for each row of `data.csv`, in the same order: its columns, then {adds}.
From Python: `predict.predict_frame(folder, schema, frame)`, as `predict.py` itself does it.

## What it needs to see

Columns may come in any order, others are ignored, empty values are fine.

| column | type |
| ------ | ---- |
{columns}

## What is in here

`model/` the native model · `engine.py` how it is loaded · `input-schema.json` the columns above · `report.json` how good it is ·
`held-out.csv` the rows it was judged by, one by one, with what it said of each ·
`training.json` how it was made · {_recipe_files(recipe)} · `manifest.json` sha256 of every file.

{note}
"""


def _added(schema: dict[str, Any]) -> str:
    if "labels" in schema:
        return "".join(
            f"\n`{label['name']}_predicted` and `{label['name']}_probability` of “{class_name(label['classes'][1])}”,"
            for label in schema["labels"]
        ).rstrip(",")
    label = schema["label"]
    adds = f"`{label['name']}_predicted`"
    if label["classes"] is not None:
        adds += f" and one `{label['name']}_probability_…` for each of {len(label['classes'])} classes"
    return adds


def _steps(recipe: dict[str, Any] | None, schema: dict[str, Any]) -> str:
    if recipe is None:
        return ""
    left_out = schema["recipe"]["leavesOut"]
    reason = " A row that a step leaves out has no prediction, and `not_scored` says why." if left_out else ""
    return (
        f".{reason}\n\nRows come as they were before the recipe “{recipe['name']}”: its {len(recipe['steps'])} steps, with "
        "what they learned from the training data, are carried out first. A few rows of that data lie in "
        "`golden.json` with their outcome; `predict.py` compares before it answers"
    )


def _recipe_files(recipe: dict[str, Any] | None) -> str:
    if recipe is None:
        return "`recipe.json` place for preparation steps"
    return "`recipe.json` and `lookup_….parquet` the recipe, `recipe.py` how it is carried out, `golden.json` rows to compare with"


def _type(sql_type: str) -> str:
    """In the words of the pages."""
    name = sql_type.upper()
    kind = family(name)
    if kind == "number":
        return "whole number" if "INT" in name else "number"
    if kind == "date":
        return "date" if name == "DATE" else "date and time"
    return {"boolean": "yes/no", "bytes": "image"}.get(kind, "text")


def _cell(text: str) -> str:
    return text.replace("|", "\\|").replace("\n", " ")
