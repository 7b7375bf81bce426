"""What an epoch takes on a processor, by what the network multiplies. Measured, and rounded; standard library only.

On a GPU it is several times less, how many nobody here has measured: then nothing is said.
"""

from __future__ import annotations

from math import log2

from trainer.contract import SettingValue, TrainSpec
from trainer.engines.torch.kinds import kind_of_data
from trainer.engines.torch.presets import chosen
from trainer.size import Size, TrainingTime

_START = 10.0
_VALIDATION_SHARE = 0.2
#: As in learning.py, which needs torch.
_STEPS_IN_EPOCH, _LARGEST_BATCH = 50, 1024
_PER_STEP, _PER_ROW = 0.0018, 3e-5
#: There and back: three times what a prediction multiplies, and adds.
_OPERATIONS_PER_WEIGHT, _OPERATIONS_PER_SECOND = 6, 2e10
#: Of one pixel: both layers of the small network; the blocks of the large one, each of half the sides of that before.
_WEIGHTS_PER_PIXEL = {"small": 9 * 32 + 9 * 32 * 64, "large": 9 * 64 + 2 * 9 * 64 * 64 + 9 * 128 * 192 // 4 * 2}
_WEIGHTS_PER_WORD = {"small": 200, "large": 50_000}


def training_time(spec: TrainSpec, settled: dict[str, SettingValue], size: Size) -> TrainingTime | None:
    if size.gpus:
        return None
    settings = chosen(settled)
    kind, network = kind_of_data(spec, settings), str(settings["network"])
    folds = spec.split.folds if kind == "table" else 0
    rows = max(1.0, size.rows * (1 - (1 / folds if folds else _VALIDATION_SHARE)))
    asked = int(settings["batch_size"])
    batch = asked or min(_LARGEST_BATCH, max(8, 2 ** round(log2(max(1.0, rows / _STEPS_IN_EPOCH)))))
    hidden, layers = int(settings["hidden_units"]), int(settings["hidden_layers"])
    if kind == "image":
        pixels = size.pixels or size.cells
        # The dense layer over what is left of the picture once it was halved.
        weights = pixels * _WEIGHTS_PER_PIXEL[network] + (pixels / 4 * 64 * hidden if network == "small" else 0)
    elif kind == "text":
        weights = size.cells * _WEIGHTS_PER_WORD[network]
    else:
        weights = size.cells * hidden + hidden * hidden * max(0, layers - 1)
    operations = weights * _OPERATIONS_PER_WEIGHT / (_OPERATIONS_PER_SECOND * size.cpus)
    epoch = rows / batch * _PER_STEP + rows * (_PER_ROW + operations)
    epochs, patience = int(settings["epochs"]), int(settings["patience"])
    # With patience it mostly stops before; how soon nobody knows: half-way between the soonest and the last.
    expected = (epochs + min(epochs, patience)) / 2 if patience else epochs
    # One network for each fold, and then one that learns from the rows of all.
    networks = folds + size.rows / rows if folds else 1
    return TrainingTime(start=_START, first=_START + epoch, fits=_START + networks * expected * epoch)
