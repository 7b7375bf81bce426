from __future__ import annotations

import json

import pandas as pd
import pytest
from trainer_bench import TRAINER_IMAGE

SAMPLES = TRAINER_IMAGE / "samples"
DESCRIBED = json.loads((SAMPLES / "samples.json").read_text("utf-8"))


def test_there_is_one_to_tell_classes_and_one_to_predict_a_number():
    assert [sample["task"] for sample in DESCRIBED] == ["binary", "regression"]


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
    frame = pd.read_csv(SAMPLES / sample["file"])
    assert sample["label"] in frame.columns
    assert str(len(frame)) in sample["summary"]
    assert not frame.isna().any().any()
    assert all(name.isidentifier() for name in frame.columns)
    if sample["task"] == "binary":
        assert set(frame[sample["label"]]) == {"malignant", "benign"}
