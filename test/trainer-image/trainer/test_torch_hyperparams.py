"""Settings from files as people have them, and presets. Needs the standard library only."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest
from trainer_bench import TRAINER_IMAGE

from trainer.engine import load_engine
from trainer.engines.torch.hyperparams import settings_of
from trainer.engines.torch.presets import PLAIN, PRESETS, chosen

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


def test_a_preset_fills_what_was_left_empty_and_gives_way_to_what_was_set():
    declaration = load_engine("torch").DECLARATION
    values = chosen(declaration.settled({"preset": "mnist", "epochs": 60, "batch_size": 0}, "multiclass"))
    assert (values["data"], values["optimizer"], values["learning_rate"]) == ("image", "adam", 0.001)
    # The plain values, but set by a person: these count.
    assert (values["epochs"], values["batch_size"]) == (60, 0)
    assert values["patience"] == 10  # of which the preset says nothing


def test_without_a_preset_everything_has_a_value():
    values = chosen(load_engine("torch").DECLARATION.settled({}, "multiclass"))
    assert None not in values.values()
    assert (values["data"], values["optimizer"], values["epochs"]) == ("auto", "adamw", 60)


def test_what_a_preset_says_is_empty_by_default():
    """Else nobody could tell a default from what a person set, and the preset would never count."""
    left = {s.name for s in load_engine("torch").DECLARATION.settings if s.default in (None, "auto")}
    assert left == set(PLAIN)
    for preset in PRESETS.values():
        assert set(preset["settings"]) <= left


def printed(engine: str, folder: Path, text: str) -> subprocess.CompletedProcess[str]:
    (folder / "hyperparams.json").write_text(text, "utf-8")
    code = f"import sys; sys.path.insert(0, {str(TRAINER_IMAGE)!r}); from trainer.__main__ import main; sys.exit(main(sys.argv[1:]))"
    command = [sys.executable, "-I", "-S", "-c", code, "settings", "--engine", engine, "--file", "hyperparams.json"]
    return subprocess.run(command, cwd=folder, capture_output=True, text=True)


def test_a_file_of_hyperparameters_is_printed_as_settings(tmp_path: Path):
    answer = printed("torch", tmp_path, '{"lr": 0.01, "optim": "SGD", "warmup": 5}')
    assert answer.returncode == 0, answer.stderr
    assert json.loads(answer.stdout) == {
        "settings": {"learning_rate": 0.01, "optimizer": "sgd"},
        "told": ["“warmup” is no setting here and was left out."],
    }


def test_an_engine_with_names_of_its_own_takes_them_as_they_are(tmp_path: Path):
    answer = printed("h2o", tmp_path, '{"max_models": 5, "lr": 0.01}')
    told = ["“lr” is no setting here and was left out."]
    assert json.loads(answer.stdout) == {"settings": {"max_models": 5}, "told": told}


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("{", "cannot be read as JSON"),
        ("[1]", "is not of the form"),
        ('{"lr": NaN}', "no number that a setting could have"),
        ('{"lr": 1e999}', "no number that a setting could have"),
    ],
)
def test_a_file_that_holds_no_settings_gets_a_sentence(text: str, said: str, tmp_path: Path):
    answer = printed("torch", tmp_path, text)
    assert answer.returncode == 65 and answer.stdout == ""
    assert said in answer.stderr


def test_numbers_without_end_stay_words_to_be_refused():
    assert settings_of({"epochs": "inf", "lr": "nan"}).settings == {"epochs": "inf", "learning_rate": "nan"}
