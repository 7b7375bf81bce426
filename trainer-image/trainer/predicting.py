"""The story of one prediction: check the archive, read the data, predict, write it beside its input columns."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from trainer.archive import unpack
from trainer.contract import read_predict_spec
from trainer.events import Events
from trainer.failures import EXIT_DONE, TrainerFailure
from trainer.files import written_whole
from trainer.portable.predict import (
    NOT_SCORED,
    InputProblem,
    ModelProblem,
    output_names,
    predict_frame,
    predict_parquet,
)
from trainer.reading import Parquet, literal, quoted


def predict(spec_path: Path, work: Path, out: Path, scratch: Path) -> int:
    spec = read_predict_spec(spec_path, work)
    events = Events.from_environment()
    events.progress("Checking the model", 0.0)
    if not spec.model.is_file():
        raise TrainerFailure("BadSpec", f"There is no model at {spec.model}.")
    folder = scratch / "model"
    listed = unpack(spec.model, folder)
    if "input-schema.json" not in listed or "engine.py" not in listed:
        raise TrainerFailure("ModelNotTrusted", f"{spec.model.name} is not a model made by Trainyard.")
    schema = json.loads((folder / "input-schema.json").read_text("utf-8"))
    if schema["engine"] != spec.engine:
        raise TrainerFailure("BadSpec", f"The model was made by {schema['engine']}, not by {spec.engine}.")
    parquet = Parquet(spec.data, writes_to=out)
    columns = [(column["name"], column["sqlType"]) for column in schema["columns"]]
    parquet.require([name for name, _ in columns], "The model")
    prepared = [(column["name"], column["sqlType"]) for column in schema.get("prepared") or []]
    parquet.require_memory(prepared or columns)
    frame = None if schema.get("recipe") else parquet.frame(columns)
    events.progress(f"Predicting {parquet.rows} rows", 0.2)
    try:
        # Unpacking has compared every file with the manifest.
        if frame is None:
            predicted = predict_parquet(folder, schema, spec.data, unverified=True)
        else:
            predicted = predict_frame(folder, schema, frame, unverified=True)
    except InputProblem as problem:
        raise TrainerFailure("BadData", str(problem)) from problem
    except ModelProblem as problem:
        raise TrainerFailure("ModelNotTrusted", str(problem)) from problem
    _write(parquet, predicted, schema, out / "predictions.parquet")
    said = _said(predicted)
    events.progress(said, 1.0, 0.0)
    print(said, flush=True)
    return EXIT_DONE


def _said(predicted: pd.DataFrame) -> str:
    left_out = int(predicted[NOT_SCORED].notna().sum()) if NOT_SCORED in predicted else 0
    rest = f"; {left_out} were left out by steps of the recipe" if left_out else ""
    return f"Predicted {len(predicted) - left_out} rows{rest}"


def _write(parquet: Parquet, predicted: pd.DataFrame, schema: dict[str, Any], path: Path) -> None:
    names = output_names(schema)
    row = _free_name([*parquet.types, *names])
    numbered = predicted.assign(**{row: np.arange(len(predicted), dtype="int64")})
    types = _label_types(schema)
    if NOT_SCORED in numbered:
        # A column without any text has no type of its own.
        numbered[NOT_SCORED] = numbered[NOT_SCORED].astype("string")
    parquet.connection.register("predicted", numbered)
    # Predictions of an earlier model on the same file give way to these.
    # Images are not written once more: label, file and the number of the row say which one it is.
    inputs = [f"d.{quoted(name)}" for name, kind in parquet.types.items() if name not in names and kind != "BLOB"]
    outputs = [f"CAST(p.{quoted(n)} AS {types[n]}) AS {quoted(n)}" if n in types else f"p.{quoted(n)}" for n in names]
    source = f"(SELECT *, row_number() OVER () - 1 AS {row} FROM {parquet.source})"
    with written_whole(path) as beside:
        parquet.connection.execute(
            f"COPY (SELECT {', '.join(inputs + outputs)} FROM {source} d JOIN predicted p ON d.{row} = p.{row} "
            f"ORDER BY p.{row}) TO {literal(beside.resolve())} (FORMAT parquet)"
        )


def _free_name(taken: list[str]) -> str:
    """Of a column beside those, whatever they are called."""
    known, name = {each.lower() for each in taken}, "__row"
    while name in known:
        name += "_"
    return name


def _label_types(schema: dict[str, Any]) -> dict[str, str]:
    """Classes come back with the type that the label had in the training data; a predicted number is a DOUBLE."""
    labels = schema["labels"] if "labels" in schema else [schema["label"]]
    return {
        f"{label['name']}_predicted": "DOUBLE" if label["classes"] is None else str(label["sqlType"])
        for label in labels
    }
