"""The optimizer, and how its learning rate falls. The rate is set for each epoch from plain numbers that a checkpoint holds."""

# Types are checked where torch is not installed, and this folder of the same name is taken for it.
# pyright: reportAttributeAccessIssue=false

from __future__ import annotations

import math
from typing import Any

import torch
from torch import nn

_MOMENTUM = 0.9
_STEPS, _STEP_TO = 3, 0.1
_PLATEAU_TO = 0.5


def make_optimizer(settings: dict[str, Any], network: nn.Module) -> torch.optim.Optimizer:
    rate, decay = float(settings["learning_rate"]), float(settings["weight_decay"])
    parameters = list(network.parameters())
    if settings["optimizer"] == "sgd":
        return torch.optim.SGD(parameters, lr=rate, momentum=_MOMENTUM, nesterov=True, weight_decay=decay)
    if settings["optimizer"] == "adam":
        return torch.optim.Adam(parameters, lr=rate, weight_decay=decay)
    return torch.optim.AdamW(parameters, lr=rate, weight_decay=decay)


def rate_of(settings: dict[str, Any], epoch: int, since_best: list[int]) -> float:
    """The rate in the epoch (from 1); `since_best`: for each epoch done, how many it was after the best until then."""
    rate, epochs = float(settings["learning_rate"]), int(settings["epochs"])
    schedule = settings["schedule"]
    if schedule == "cosine":
        return rate * (1 + math.cos(math.pi * (epoch - 1) / epochs)) / 2
    if schedule == "step":
        return rate * _STEP_TO ** ((epoch - 1) * _STEPS // epochs)
    if schedule == "plateau":
        # Well before patience ends, so that the smaller steps have a chance.
        after = max(2, int(settings["patience"]) // 3)
        return rate * _PLATEAU_TO ** sum(1 for count in since_best if count and count % after == 0)
    return rate
