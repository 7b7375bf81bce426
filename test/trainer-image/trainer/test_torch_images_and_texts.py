"""Images as pixels and as PNG, and texts."""

from __future__ import annotations

import io
import os
import struct
import subprocess
import sys
import zipfile
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from digits import pictures, pixels
from trainer_bench import Run, Yard

pytestmark = pytest.mark.torch
Here = Callable[[Yard], Run]
QUICK = {"epochs": 4, "learning_rate": 0.003}


def comments(rows: int = 600) -> pd.DataFrame:
    random = np.random.default_rng(1)
    kind = ["lovely", "thanks", "helpful", "great", "agree"]
    rude = ["idiot", "stupid", "awful", "hate", "trash"]
    common = [f"word{number}" for number in range(60)]
    toxic = random.random(rows) < 0.4
    texts = [
        " ".join(random.permutation([*random.choice(common, 12), *random.choice(rude if bad else kind, 2)]))
        for bad in toxic
    ]
    return pd.DataFrame({"comment": texts, "likes": random.integers(0, 9, rows), "toxic": np.where(toxic, "yes", "no")})


@pytest.mark.parametrize("network", ["small", "large"])
def test_columns_of_pixels_are_learned_as_images(network: str, yard: Yard, here: Here):
    settings = {"preset": "mnist", "data": "image", "network": network}
    run = here(yard.ask(pixels(), "digit", "multiclass", engine="torch", settings=settings, metric="accuracy"))
    assert run.code == 0
    assert run.report["best"]["test"] > 0.9 and run.report["best"]["model"].startswith("Convolutional network")
    epochs = [event["step"] for event in run.of("metric") if event["name"] == "validation_accuracy"]
    assert max(epochs) == 5  # as the preset says


@pytest.mark.parametrize("colours", [1, 3])
def test_a_column_of_images_predicts_outside_from_files(colours: int, yard: Yard, here: Here, tmp_path: Path):
    frame = pictures(colours=colours)
    run = here(yard.ask(frame, "digit", "multiclass", engine="torch", settings=QUICK, metric="accuracy"))
    assert run.code == 0
    assert run.report["best"]["test"] > 0.85
    if colours == 1:
        answer = yard.predict(frame.head(30), engine="torch")
        assert answer.code == 0, answer.log
    with zipfile.ZipFile(run.out / "model.zip") as archive:
        archive.extractall(tmp_path / "model")
    for number, image in enumerate(frame["image"].head(20)):
        (tmp_path / f"{number}.png").write_bytes(image)
    (tmp_path / "data.csv").write_text("image\n" + "".join(f"{number}.png\n" for number in range(20)))
    said = subprocess.run(
        [sys.executable, tmp_path / "model" / "predict.py", "data.csv"],
        cwd=tmp_path, env={"PATH": os.environ["PATH"]}, capture_output=True, text=True, check=True,
    )  # fmt: skip
    predicted = pd.read_csv(io.StringIO(said.stdout))["digit_predicted"]
    assert (predicted == frame["digit"].head(20)).mean() > 0.8


def test_texts_are_learned_from_alone_when_asked(yard: Yard, here: Here):
    run = here(yard.ask(comments(), "toxic", "binary", engine="torch", settings={"preset": "toxicity", "epochs": 12}))
    assert run.code == 0
    assert run.report["best"]["model"].startswith("Text network") and run.report["best"]["test"] > 0.95
    importance = {row["column"]: row["mean"] for row in run.report["importance"]}
    assert importance["likes"] == 0 < importance["comment"]


def broken(change: Callable[[pd.DataFrame], None]) -> pd.DataFrame:
    frame = pictures(60)
    change(frame)
    return frame


def _cut(frame: pd.DataFrame) -> None:
    frame.at[7, "image"] = frame.at[7, "image"][:60]


def _no_image(frame: pd.DataFrame) -> None:
    frame.at[7, "image"] = b"GIF? no"


def _missing(frame: pd.DataFrame) -> None:
    frame.at[7, "image"] = None


def _larger(frame: pd.DataFrame) -> None:
    from PIL import Image  # pyright: ignore[reportMissingImports]

    file = io.BytesIO()
    Image.new("L", (9, 8)).save(file, "PNG")
    frame.at[7, "image"] = file.getvalue()


def _bomb(side: int) -> Callable[[pd.DataFrame], None]:
    def change(frame: pd.DataFrame) -> None:
        frame.at[7, "image"] = _says_that_it_is(side)

    return change


def _says_that_it_is(side: int) -> bytes:
    """A few kilobytes that would unpack to far more: what it says of its size is all that is looked at."""
    header = struct.pack(">IIBBBBB", side, side, 8, 0, 0, 0, 0)
    chunk = b"IHDR" + header
    head = b"\x89PNG\r\n\x1a\n" + struct.pack(">I", len(header)) + chunk + struct.pack(">I", zlib.crc32(chunk))
    data = b"IDAT" + zlib.compress(bytes(1 << 20))
    return head + struct.pack(">I", len(data) - 4) + data + struct.pack(">I", zlib.crc32(data))


def _another_kind(frame: pd.DataFrame) -> None:
    from PIL import Image  # pyright: ignore[reportMissingImports]

    file = io.BytesIO()
    Image.new("L", (8, 8)).save(file, "PPM")
    frame.at[7, "image"] = file.getvalue()


BAD: dict[str, tuple[Callable[[pd.DataFrame], None], str]] = {
    "cut off": (_cut, "the image cannot be read"),
    "no image": (_no_image, "no image of a kind that is read (PNG, JPEG, BMP"),
    "an image of a kind that nobody asked for": (_another_kind, "no image of a kind that is read"),
    "more pixels than are allowed": (_bomb(6000), "6000 × 6000 pixels, more than the 25 million allowed"),
    "more pixels than fit": (_bomb(60_000), "far more pixels than are allowed"),
    "missing": (_missing, "there is no image"),
    "another size": (_larger, "the image has 9 × 8 pixels, and 8 × 8 are needed"),
}


@pytest.mark.parametrize("case", BAD)
def test_an_image_that_cannot_be_learned_from_is_named(case: str, yard: Yard, here: Here):
    change, said = BAD[case]
    run = here(yard.ask(broken(change), "digit", "multiclass", engine="torch", settings=QUICK))
    assert run.code == 65 and run.failure["type"] == "BadData"
    assert "Column “image”, row 8: " in run.failure["message"] and said in run.failure["message"]


def test_an_image_that_cannot_be_predicted_is_named(yard: Yard, here: Here):
    run = here(yard.ask(pictures(200), "digit", "multiclass", engine="torch", settings={"epochs": 1}))
    assert run.code == 0
    answer = yard.predict(broken(_larger).drop(columns="digit"), engine="torch")
    assert answer.code == 65 and answer.failure["type"] == "BadData"
    assert "row 8: the image has 9 × 8 pixels" in answer.failure["message"]


SETTINGS: dict[str, tuple[Callable[[], pd.DataFrame], str, dict[str, Any], str]] = {
    "a width that does not fit": (
        lambda: pixels(60), "digit", {"data": "image", "image_width": 7}, "do not make up the 64 columns",
    ),
    "texts without a text": (lambda: pixels(60), "digit", {"data": "text"}, "a column of text is needed"),
    "images of texts": (lambda: comments(60), "toxic", {"data": "image"}, "“comment” holds something else"),
    "a table of images": (lambda: pictures(60), "digit", {"data": "table"}, "“image” holds images"),
    "steps that are too long": (
        lambda: pixels(200), "digit", {"optimizer": "sgd", "learning_rate": 10, "weight_decay": 10, "epochs": 40},
        "the loss is no number any more",
    ),
    "an unknown optimizer": (lambda: pixels(60), "digit", {"optimizer": "magic"}, "Optimizer is one of auto, adamw, adam"),
    "too much dropout": (lambda: pixels(60), "digit", {"dropout": 1}, "Dropout is at most 0.95, not 1"),
}  # fmt: skip


@pytest.mark.parametrize("case", SETTINGS)
def test_settings_that_cannot_work_get_a_sentence(case: str, yard: Yard, here: Here):
    frame, label, settings, said = SETTINGS[case]
    run = here(yard.ask(frame(), label, "multiclass", engine="torch", settings=settings))
    assert run.code == 65 and run.failure["type"] == "BadSettings"
    assert said in run.failure["message"]


def test_texts_without_words_are_refused(yard: Yard, here: Here):
    frame = comments(60).assign(comment=["…", "!?", "—"] * 20).drop(columns="likes")
    run = here(yard.ask(frame, "toxic", "binary", engine="torch", settings={"data": "text"}))
    assert run.code == 65 and "hold no words" in run.failure["message"]
