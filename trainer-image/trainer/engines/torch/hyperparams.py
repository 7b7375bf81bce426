"""Reads a `hyperparams.json` as people have it: other names for the same settings, and what has no place here told."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass, field
from typing import Any

from trainer.contract import SettingValue

_NAMES = {
    "learning_rate": ("lr", "learningrate", "init_lr", "base_lr", "step_size", "eta"),
    "epochs": ("num_epochs", "n_epochs", "nepochs", "max_epochs", "epoch", "num_train_epochs", "number_of_epochs"),
    "batch_size": ("batchsize", "train_batch_size", "per_device_train_batch_size", "bs", "batch"),
    "optimizer": ("optim", "optimiser", "optimizer_name", "optimizer_type"),
    "patience": ("early_stopping_patience", "early_stopping", "early_stop", "es_patience", "stop_after"),
    "weight_decay": ("wd", "l2", "l2_reg", "weightdecay", "decay"),
    "schedule": ("scheduler", "lr_scheduler", "lr_schedule", "lr_scheduler_type", "learning_rate_schedule"),
    "hidden_layers": ("num_layers", "n_layers", "layers", "num_hidden_layers", "depth"),
    "hidden_units": ("hidden_size", "hidden_dim", "hidden", "units", "width", "n_hidden", "num_units"),
    "dropout": ("dropout_rate", "drop_rate", "p_dropout", "dropout_prob", "hidden_dropout_prob"),
    "seed": ("random_seed", "random_state", "manual_seed"),
    "network": ("model_size",),
    "preset": ("case",),
    "data": ("data_kind", "modality"),
    "image_width": ("img_width",),
    "image_height": ("img_height",),
    "checkpoint_minutes": (),
}
_KNOWN = {other: name for name, others in _NAMES.items() for other in (name, *others)}
_SCHEDULES = {
    "constant": "none", "none": "none", "cosine": "cosine", "cosineannealing": "cosine", "cosineannealinglr": "cosine",
    "step": "step", "steplr": "step", "multistep": "step", "plateau": "plateau", "reducelronplateau": "plateau",
}  # fmt: skip
_WHOLE = ("epochs", "batch_size", "patience", "hidden_layers", "hidden_units", "seed", "image_width", "image_height")


@dataclass
class Mapped:
    settings: dict[str, SettingValue] = field(default_factory=dict)
    #: One sentence for each name that was not taken over.
    told: list[str] = field(default_factory=list)


def settings_of(given: dict[str, Any]) -> Mapped:
    """Whether the values are allowed is asked where all settings are; here they are only found."""
    mapped = Mapped()
    for name, value in _flat(given):
        known = _KNOWN.get(_plain(name))
        if known is None:
            mapped.told.append(f"“{name}” is no setting here and was left out.")
        elif known in mapped.settings:
            mapped.told.append(f"“{name}” was left out, since {known} is set already.")
        else:
            mapped.settings[known] = _value(known, value)
    return mapped


def _flat(given: dict[str, Any]) -> list[tuple[str, Any]]:
    """Groups as in {"optimizer": {"name": "adam", "lr": 0.1}} are opened; a name in a group is that of the group."""
    found: list[tuple[str, Any]] = []
    for name, value in given.items():
        if not isinstance(value, dict):
            found.append((name, value))
            continue
        for inner, one in _flat(value):
            found.append((name if _plain(inner) in ("name", "type") else inner, one))
    return found


def _plain(name: str) -> str:
    snake = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", name.strip().lstrip("-"))
    return re.sub(r"[\s\-.]+", "_", snake).lower()


def _value(name: str, value: Any) -> SettingValue:
    if isinstance(value, str):
        text = value.strip()
        if name == "optimizer":
            return text.lower().removeprefix("torch.optim.")
        if name == "schedule":
            return _SCHEDULES.get(re.sub(r"[\s_\-]+", "", text.lower()), text.lower())
        try:
            value = float(text)
        except ValueError:
            return text.lower()
        if not math.isfinite(value):
            return text.lower()
    if name == "schedule" and value is None:
        return "none"
    if name in _WHOLE and isinstance(value, float) and value == int(value):
        return int(value)
    return value
