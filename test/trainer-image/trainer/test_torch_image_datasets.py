"""A dataset of images as the platform makes it: learned from, and predicted without its bytes in the output."""

from __future__ import annotations

import io
from collections.abc import Callable

import duckdb
import pandas as pd
import pytest
from sklearn import datasets
from trainer_bench import Run, Yard

pytestmark = pytest.mark.torch
Here = Callable[[Yard], Run]


def images(rows: int = 900) -> pd.DataFrame:
    from PIL import Image  # pyright: ignore[reportMissingImports]

    digits = datasets.load_digits()
    made: list[bytes] = []
    for picture in digits["images"][:rows]:
        file = io.BytesIO()
        Image.fromarray((picture * 15).astype("uint8")).save(file, "PNG")
        made.append(file.getvalue())
    labels = digits["target"][:rows]
    files = [f"{label}/{number}.png" for number, label in enumerate(labels)]
    return pd.DataFrame({"image": made, "label": labels, "file": files, "width": 8, "height": 8})


def test_predictions_of_images_leave_their_bytes_out(yard: Yard, here: Here):
    settings = {"epochs": 3, "learning_rate": 0.003}
    run = here(yard.ask(images(), "label", "multiclass", engine="torch", settings=settings, metric="accuracy"))
    assert run.code == 0
    assert run.report["best"]["test"] > 0.8
    answer = yard.predict(images(40), engine="torch")
    assert answer.code == 0, answer.log
    output = duckdb.read_parquet(str(answer.out / "predictions.parquet")).df()
    assert list(output.columns[:5]) == ["label", "file", "width", "height", "label_predicted"]
    assert "image" not in output.columns
    assert (output["label"] == output["label_predicted"]).mean() > 0.8
