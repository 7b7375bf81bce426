"""Settings from files as people have them, and presets. Needs the standard library only."""

from __future__ import annotations

import json

import pytest

from trainer.engine import load_engine
from trainer.engines.torch.hyperparams import settings_of
from trainer.engines.torch.presets import PRESETS, chosen

CASES = [
    ('{"lr": 0.01, "num_epochs": 5, "batchSize": 32, "optim": "Adam"}',
     {"learning_rate": 0.01, "epochs": 5, "batch_size": 32, "optimizer": "adam"}),
    ('{"learning-rate": "1e-3", "epochs": "6", "early_stopping_patience": 3.0}',
     {"learning_rate": 0.001, "epochs": 6, "patience": 3}),
    ('{"optimizer": {"type": "torch.optim.SGD", "lr": 0.1, "weight_decay": 0}, "scheduler": "CosineAnnealingLR"}',
     {"optimizer": "sgd", "learning_rate": 0.1, "weight_decay": 0, "schedule": "cosine"}),
    ('{"scheduler": null, "random_state": 7, "dropout_rate": 0.5}', {"schedule": "none", "seed": 7, "dropout": 0.5}),
]  # fmt: skip


@pytest.mark.parametrize(("text", "settings"), CASES)
def test_other_names_for_the_same_settings_are_known(text: str, settings: dict):
    mapped = settings_of(json.loads(text))
    assert mapped.settings == settings and mapped.told == []
    load_engine("torch").DECLARATION.settled(mapped.settings, "binary")


def test_what_has_no_place_is_told():
    mapped = settings_of({"lr": 0.1, "learning_rate": 0.2, "warmup": 100, "model": {"name": "resnet", "epochs": 3}})
    assert mapped.settings == {"learning_rate": 0.1, "epochs": 3}
    assert mapped.told == [
        "“learning_rate” was left out, since learning_rate is set already.",
        "“warmup” is no setting here and was left out.",
        "“model” is no setting here and was left out.",
    ]


def test_every_preset_is_allowed():
    assert set(PRESETS) == {"mnist", "toxicity"}
    for preset in PRESETS.values():
        load_engine("torch").DECLARATION.settled(preset["settings"], "multiclass")


def test_a_preset_gives_way_to_what_was_set():
    settled = load_engine("torch").DECLARATION.settled({"preset": "mnist", "epochs": 7}, "multiclass")
    values = chosen(settled)
    assert (values["optimizer"], values["learning_rate"], values["epochs"]) == ("adam", 0.001, 7)
    values = chosen({**settled, "epochs": 60})
    assert values["epochs"] == 5  # 60 is the default, which a form sends along
