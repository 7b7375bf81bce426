#!/usr/bin/env python3
"""Predicts with the model beside this file: python predict.py data.csv > predictions.csv

Needs what requirements.txt names, and nothing of Trainyard. Every file is compared with manifest.json first, and what was
altered since the model was made is not loaded, unless told: python predict.py --unverified data.csv
"""

from __future__ import annotations

import hashlib
import importlib.util
import json
import math
import re
import sys
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any

try:
    import numpy as np
    import pandas as pd
except ModuleNotFoundError as missing:
    if __name__ != "__main__":
        raise
    sys.exit(f"{missing.name} is not installed here. Run: python -m pip install -r requirements.txt")

_ROWS_AT_ONCE = 50_000
_NUMBER = re.compile(r"(U?(TINY|SMALL|BIG|HUGE)?INT(EGER)?|DOUBLE|FLOAT|REAL|DECIMAL|NUMERIC)(\(.*\))?")
_TRUE = {"true", "t", "yes", "y", "1", "1.0"}
_FALSE = {"false", "f", "no", "n", "0", "0.0"}
#: Why a row has no prediction.
NOT_SCORED = "not_scored"
#: Other processors round otherwise in the last places.
_SAME_VALUE, _SAME_PREDICTION = 1e-9, 1e-4
MANIFEST = "manifest.json"


class InputProblem(ValueError):
    """The data does not fit the model; the message says which column, what was found and what to do."""


class ModelProblem(ValueError):
    """What lies beside this file does not work as it did when the model was made; the message says what differs."""


def family(sql_type: str) -> str:
    """`number`, `boolean`, `date`, `bytes` or `text`: all that a model has to tell apart."""
    name = sql_type.upper()
    if name in ("BLOB", "BYTEA", "BINARY", "VARBINARY"):
        return "bytes"
    if name.startswith("BOOL"):
        return "boolean"
    if name.startswith(("DATE", "TIMESTAMP")) and "[" not in name:
        return "date"
    return "number" if _NUMBER.fullmatch(name) else "text"


def conform(frame: pd.DataFrame, columns: list[dict[str, str]]) -> pd.DataFrame:
    """The columns that the model knows, in its order and with its types; others are left out."""
    missing = [column["name"] for column in columns if column["name"] not in frame.columns]
    if missing:
        lacks = "which is" if len(missing) == 1 else "which are"
        raise InputProblem(
            f"The model needs the column{'s' if len(missing) > 1 else ''} {_listed([f'“{name}”' for name in missing])}, "
            f"{lacks} not in this data. Found: {_listed([str(name) for name in frame.columns], 20)}."
        )
    return pd.DataFrame(
        {c["name"]: _typed(frame[c["name"]], c["name"], family(c["sqlType"])) for c in columns}, index=frame.index
    )


def _listed(names: list[str], most: int = 5) -> str:
    more = f" and {len(names) - most:,} more" if len(names) > most else ""
    return ", ".join(names[:most]) + more


def _typed(series: pd.Series, name: str, kind: str) -> pd.Series:
    if kind == "number":
        return _checked(series, pd.to_numeric(series, errors="coerce").astype("float64"), name, "a number")
    if kind == "boolean":
        return _checked(series, series.map(truth_of).astype("float64"), name, "yes or no")
    if kind == "date":
        dates = series if pd.api.types.is_datetime64_any_dtype(series) else _dates(series)
        return _checked(series, dates.astype("datetime64[ns]"), name, "a date")
    if kind == "bytes":
        # In a CSV a text stands for them: the name of a file.
        return series.astype(object).where(series.notna(), None).map(_as_bytes).astype(object)
    return series.astype(object).where(series.notna(), None).map(lambda v: v if v is None else str(v)).astype(object)


def _as_bytes(value: Any) -> Any:
    return bytes(value) if isinstance(value, (bytearray, memoryview)) else value


def _dates(series: pd.Series) -> pd.Series:
    dates = pd.to_datetime(series, errors="coerce", format="ISO8601", utc=True)
    return dates.dt.tz_localize(None)


def truth_of(value: object) -> float:
    word = str(value).strip().lower()
    return 1.0 if word in _TRUE else 0.0 if word in _FALSE else np.nan


def _checked(before: pd.Series, after: pd.Series, name: str, wanted: str) -> pd.Series:
    lost = np.flatnonzero((before.notna() & after.isna()).to_numpy())
    if len(lost):
        row = int(lost[0])
        raise InputProblem(
            f"Column “{name}”, row {row + 1}: found “{before.iloc[row]}”, but the model needs {wanted} there. "
            "Mend it or leave it empty."
        )
    return after


def class_name(value: object) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def output_names(schema: dict[str, Any]) -> list[str]:
    if "labels" in schema:
        names = [f"{label['name']}_{part}" for label in schema["labels"] for part in ("predicted", "probability")]
    else:
        label = schema["label"]
        names = [
            f"{label['name']}_predicted",
            *(f"{label['name']}_probability_{class_name(value)}" for value in label["classes"] or []),
        ]
    return [*names, NOT_SCORED] if (schema.get("recipe") or {}).get("leavesOut") else names


def require_unaltered(folder: Path) -> None:
    """Loading a model runs code that lies beside it: nothing of it is loaded before every file has its checksum.

    It finds what was damaged or changed. Whoever writes manifest.json anew as well is found by its signature only.
    """
    try:
        listed = json.loads((folder / MANIFEST).read_text("utf-8"))["files"].items()
    except FileNotFoundError as problem:
        raise _altered(MANIFEST, "is missing") from problem
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as problem:
        raise _altered(MANIFEST, "cannot be read") from problem
    for name, expected in listed:
        path = folder / name
        if not path.is_file():
            raise _altered(name, "is missing")
        digest = hashlib.sha256()
        with path.open("rb") as file:
            while block := file.read(1 << 20):
                digest.update(block)
        if digest.hexdigest() != expected:
            raise _altered(name, "is not what it was when the model was made")


def _altered(name: str, how: str) -> ModelProblem:
    return ModelProblem(
        f"The file {name} of the model {how}, so nothing of it is loaded. Unpack the whole archive again from where it was "
        "made; or, if you changed it yourself, say --unverified."
    )


def predict_frame(
    folder: Path, schema: dict[str, Any], frame: pd.DataFrame, *, unverified: bool = False
) -> pd.DataFrame:
    """One row for each row of `frame`, in its order: the prediction, and the probability of each class, or of yes to each label."""
    if not unverified:
        require_unaltered(folder)
    recipe = open_recipe(folder, schema)
    model = open_model(folder)
    if recipe is None:
        return _predicted(model, schema, frame, schema["columns"])
    return _by_recipe(folder, schema, model, recipe, lambda: recipe.prepare_frame(frame))


def predict_parquet(folder: Path, schema: dict[str, Any], path: Path, *, unverified: bool = False) -> pd.DataFrame:
    """The same of a file, for a model with a recipe."""
    if not unverified:
        require_unaltered(folder)
    recipe = open_recipe(folder, schema)
    return _by_recipe(folder, schema, open_model(folder), recipe, lambda: recipe.prepare_parquet(path))


def _by_recipe(
    folder: Path, schema: dict[str, Any], model: Any, recipe: Any, prepare: Callable[[], Any]
) -> pd.DataFrame:
    """Rows that a step leaves out keep their places, and have no prediction."""
    check_golden_rows(folder, schema, model, recipe)
    try:
        prepared = prepare()
    except ValueError as problem:
        raise InputProblem(str(problem)) from problem
    kept = np.flatnonzero(prepared.kept)
    predicted = _predicted(model, schema, prepared.features.iloc[kept], schema["prepared"])
    whole = predicted.set_index(kept).reindex(np.arange(len(prepared.left_out)))
    if NOT_SCORED in output_names(schema):
        whole[NOT_SCORED] = pd.Series(prepared.left_out, index=whole.index, dtype=object)
    return whole


def _predicted(model: Any, schema: dict[str, Any], frame: pd.DataFrame, columns: list[dict[str, str]]) -> pd.DataFrame:
    parts: list[pd.DataFrame] = []
    for start in range(0, len(frame), _ROWS_AT_ONCE):
        rows = conform(frame.iloc[start : start + _ROWS_AT_ONCE].reset_index(drop=True), columns)
        try:
            parts.append(named(schema, *model.predict(rows)))
        except getattr(model, "refuses_with", ()) as problem:
            raise InputProblem(str(problem)) from problem
    if parts:
        return pd.concat(parts, ignore_index=True)
    return pd.DataFrame({name: pd.Series(dtype=object) for name in output_names(schema) if name != NOT_SCORED})


def named(schema: dict[str, Any], values: np.ndarray, probabilities: np.ndarray | None) -> pd.DataFrame:
    """What a model answers, under the names that people see."""
    names = [name for name in output_names(schema) if name != NOT_SCORED]
    if "labels" in schema:
        assert probabilities is not None
        said: dict[str, Any] = {}
        for at, label in enumerate(schema["labels"]):
            said[names[2 * at]] = pd.Series([label["classes"][int(code)] for code in values[:, at]])
            said[names[2 * at + 1]] = probabilities[:, at]
        return pd.DataFrame(said)
    classes = schema["label"]["classes"]
    if classes is None or probabilities is None:
        return pd.DataFrame({names[0]: values})
    decided = pd.Series([classes[int(code)] for code in values])
    return pd.DataFrame({names[0]: decided, **{n: probabilities[:, i] for i, n in enumerate(names[1:])}})


def open_model(folder: Path) -> Any:
    """The engine's own code lies beside the model that it made, so the two always fit."""
    return _module(folder / "engine.py").Model(folder / "model")


def open_recipe(folder: Path, schema: dict[str, Any]) -> Any:
    """None where rows go to the model as they come."""
    if not schema.get("recipe"):
        return None
    try:
        return _module(folder / "recipe.py").load_recipe(folder)
    except ValueError as problem:
        raise ModelProblem(str(problem)) from problem


def check_golden_rows(folder: Path, schema: dict[str, Any], model: Any, recipe: Any) -> None:
    """A few rows whose outcome was kept with the model: with another outcome nothing else that it says can be trusted."""
    golden = json.loads((folder / "golden.json").read_text("utf-8"))
    now = golden_outcome(schema, recipe, golden["input"], lambda rows: model.predict(rows))
    if now["leftOut"] != golden["outcome"]["leftOut"]:
        raise _differs("other rows are left out by its recipe")
    for part, tolerance, said in (
        ("prepared", _SAME_VALUE, "its recipe makes"),
        ("predicted", _SAME_PREDICTION, "it says"),
    ):
        before, after = golden["outcome"][part], now[part]
        for old, new in zip(before["rows"], after["rows"], strict=True):
            for name, was, is_now in zip(before["columns"], old, new, strict=True):
                if not _alike(was, is_now, tolerance):
                    raise _differs(f"{said} “{is_now}” of a row in “{name}”, and it was “{was}”")


def golden_outcome(
    schema: dict[str, Any],
    recipe: Any,
    rows: dict[str, Any],
    predict: Callable[[pd.DataFrame], tuple[np.ndarray, np.ndarray | None]],
) -> dict[str, Any]:
    """What comes of rows of texts: which are left out, what the recipe makes of the others, what the model says."""
    try:
        prepared = recipe.prepare_frame(pd.DataFrame(rows["rows"], columns=rows["columns"], dtype=object))
    except ValueError as problem:
        raise ModelProblem(f"The recipe of the model cannot be carried out: {problem}") from problem
    features = prepared.features[prepared.kept].reset_index(drop=True)
    frame = conform(features, schema["prepared"])
    said = named(schema, *predict(frame)) if len(frame) else pd.DataFrame()
    # Of classes the probabilities are compared: which one is likeliest turns on the last digits of a tie.
    first, every = (1, 2) if "labels" in schema else (1, 1)
    compared = said.iloc[:, first::every] if said.shape[1] > 1 else said
    return {"leftOut": prepared.left_out, "prepared": _texts(frame), "predicted": _texts(compared)}


def _texts(frame: pd.DataFrame) -> dict[str, Any]:
    def text(value: Any) -> str | None:
        if value is None or pd.isna(value):
            return None
        return value.isoformat() if isinstance(value, pd.Timestamp) else str(value)

    columns = [frame.iloc[:, at].map(text, na_action=None).tolist() for at in range(frame.shape[1])]
    return {"columns": list(frame.columns), "rows": [list(row) for row in zip(*columns, strict=True)]}


def _alike(was: str | None, now: str | None, tolerance: float) -> bool:
    if was == now:
        return True
    try:
        return math.isclose(float(was or ""), float(now or ""), rel_tol=tolerance, abs_tol=tolerance)
    except ValueError:
        return False


def _differs(what: str) -> ModelProblem:
    return ModelProblem(
        f"The model does not answer as it did when it was made: {what}. A file beside it is not what it was, or the "
        "packages are not those of requirements.txt."
    )


def _module(path: Path) -> ModuleType:
    spec = importlib.util.spec_from_file_location(f"trainyard_model_{path.stem}", path)
    if spec is None or spec.loader is None:
        raise InputProblem(f"{path} is missing: unpack the whole archive.")
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module  # where its dataclasses look for it
    spec.loader.exec_module(module)
    return module


def main(arguments: list[str]) -> int:
    files = [each for each in arguments if each != "--unverified"]
    if len(files) != 1 or files[0].startswith("--"):
        print("usage: python predict.py [--unverified] data.csv > predictions.csv", file=sys.stderr)
        return 64
    here = Path(__file__).resolve().parent
    try:
        if len(files) == len(arguments):
            require_unaltered(here)
        schema = json.loads((here / "input-schema.json").read_text("utf-8"))
        frame = pd.read_csv(files[0], dtype=str, keep_default_na=False, na_values=[""], encoding="utf-8-sig")
        predicted = predict_frame(here, schema, frame, unverified=True)
    except ModelProblem as problem:
        print(problem, file=sys.stderr)
        return 70
    except ModuleNotFoundError as missing:
        print(f"{missing.name} is not installed here. Run: python -m pip install -r requirements.txt", file=sys.stderr)
        return 69
    except (pd.errors.ParserError, pd.errors.EmptyDataError, UnicodeDecodeError):
        said = "this is not a CSV file in UTF-8 with names in its first row. Save it as one, and give that."
        print(f"{files[0]}: {said}", file=sys.stderr)
        return 65
    except (InputProblem, OSError) as problem:
        print(f"{files[0]}: {problem}", file=sys.stderr)
        return 65
    kept = frame.drop(columns=[name for name in predicted.columns if name in frame.columns])
    pd.concat([kept, predicted], axis=1).to_csv(sys.stdout, index=False)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
