from __future__ import annotations

import json

import numpy as np
import pandas as pd
import pytest
from sklearn import datasets
from trainer_bench import TRAINER_IMAGE

SAMPLES = TRAINER_IMAGE / "samples"
DESCRIBED = json.loads((SAMPLES / "samples.json").read_text("utf-8"))


def test_there_is_one_to_tell_classes_one_to_predict_a_number_and_one_of_images():
    assert [sample["task"] for sample in DESCRIBED] == ["binary", "regression", "multiclass"]


@pytest.mark.parametrize("sample", DESCRIBED, ids=lambda sample: sample["name"])
def test_a_sample_is_as_it_is_described(sample: dict):
    assert set(sample) == {
        "name",
        "title",
        "summary",
        "label",
        "task",
        "file",
        "source",
    }
    if sample["file"].endswith(".npz"):
        with np.load(SAMPLES / sample["file"]) as arrays:
            assert f"{len(arrays['x'])} images" in sample["summary"]
        return
    frame = pd.read_csv(SAMPLES / sample["file"])
    assert sample["label"] in frame.columns
    assert str(len(frame)) in sample["summary"]
    assert not frame.isna().any().any()
    assert all(name.isidentifier() for name in frame.columns)
    if sample["task"] == "binary":
        assert set(frame[sample["label"]]) == {"malignant", "benign"}


def test_the_digits_are_those_of_scikit_learn():
    digits = datasets.load_digits()
    with np.load(SAMPLES / "digits.npz") as arrays:
        # Scikit-learn's shades go from 0 to 16: each has one of its own here, too.
        assert (np.round(arrays["x"] * (16 / 255)) == digits["images"]).all()
        assert (arrays["y"] == digits["target"]).all()
        assert (arrays["x"].dtype, arrays["y"].dtype) == (np.uint8, np.int64)
