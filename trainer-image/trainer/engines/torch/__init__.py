"""PyTorch: neural networks for tables, images and texts, followed epoch by epoch."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from trainer.contract import SettingValue, TrainSpec
from trainer.declaration import Continuing, Declaration, Needs, Setting
from trainer.engines.torch.presets import PRESETS
from trainer.metrics import ALL_TASKS

if TYPE_CHECKING:
    import pandas as pd

    from trainer.fitting import Fitted, Order, Output
    from trainer.size import Size, TrainingTime

#: What torch brings along on Linux; pip finds it again by torch itself, and a build of torch without CUDA needs none.
_BROUGHT_BY_TORCH = (
    *(f"nvidia-{part}" for part in (
        "cublas", "cuda-cccl", "cuda-cupti", "cuda-nvrtc", "cuda-runtime", "cufft", "cufile", "cusolver", "cusparse",
        "nvjitlink", "nvtx", "cudnn-cu13", "cusparselt-cu13", "nccl-cu13", "nvshmem-cu13",
        "cublas-cu12", "cuda-cupti-cu12", "cuda-nvrtc-cu12", "cuda-runtime-cu12", "cudnn-cu12", "cufft-cu12",
        "cufile-cu12", "curand-cu12", "cusolver-cu12", "cusparse-cu12", "cusparselt-cu12", "nccl-cu12",
        "nvjitlink-cu12", "nvshmem-cu12", "nvtx-cu12",
    )),
    "cuda-bindings", "cuda-pathfinder", "cuda-toolkit", "triton", "cloudpickle",
)  # fmt: skip

DECLARATION = Declaration(
    name="torch",
    title="PyTorch",
    summary="A neural network for a table, images or texts, followed epoch by epoch. Uses a GPU where there is one. A very large environment, made when first asked for.",
    tasks=ALL_TASKS,
    settings=(
        Setting(
            name="preset",
            title="Preset",
            help="Values that suit a well-known case, for all settings that are left empty or automatic.",
            type="choice",
            default="none",
            choices=(("none", "None"), *((name, preset["title"]) for name, preset in PRESETS.items())),
        ),
        Setting(
            name="data",
            title="Kind of data",
            help="Automatic: what the preset says, else images where there is a column “image” of images, a table else. Texts: only the columns of text are learned from. Images: that column, or the numbers of each row as pixels.",
            type="choice",
            default="auto",
            choices=(("auto", "Automatic"), ("table", "Table"), ("text", "Texts"), ("image", "Images")),
        ),
        Setting(
            name="network",
            title="Network",
            help="For images and texts: the large one is several times slower and pays on much data.",
            type="choice",
            default="small",
            choices=(("small", "Small"), ("large", "Large")),
        ),
        Setting(
            name="optimizer",
            title="Optimizer",
            help="What turns errors into steps. AdamW suits most; SGD is with momentum and wants a larger learning rate.",
            type="choice",
            default="auto",
            choices=(
                ("auto", "Automatic: what the preset says, else AdamW"),
                ("adamw", "AdamW"),
                ("adam", "Adam"),
                ("sgd", "SGD with momentum"),
            ),
            advanced=True,
        ),
        Setting(
            name="learning_rate",
            title="Learning rate",
            help="The length of a step: too large never settles, too small takes for ever. Empty: what the preset says, else 0.001.",
            type="number",
            default=None,
            min=0.0000001,
            max=10.0,
        ),
        Setting(
            name="epochs",
            title="Epochs",
            help="How often all training rows are gone through at most. Empty: what the preset says, else 60.",
            type="integer",
            default=None,
            min=1,
            max=10_000,
        ),
        Setting(
            name="batch_size",
            title="Batch size",
            help="Rows in one step; 0 chooses by the number of rows. Empty: what the preset says, else 0.",
            type="integer",
            default=None,
            min=0,
            max=65_536,
            advanced=True,
        ),
        Setting(
            name="patience",
            title="Patience",
            help="Stops after so many epochs without improvement on the validation rows; 0 goes through all epochs. Empty: what the preset says, else 10.",
            type="integer",
            default=None,
            min=0,
            max=10_000,
        ),
        Setting(
            name="weight_decay",
            title="Weight decay",
            help="Pulls weights towards zero; larger makes simpler models. Empty: what the preset says, else 0.01.",
            type="number",
            default=None,
            min=0.0,
            max=10.0,
            advanced=True,
        ),
        Setting(
            name="schedule",
            title="Schedule",
            help="How the learning rate falls: along a cosine to nothing, to a tenth after each third of the epochs, or by half when nothing improves.",
            type="choice",
            default="none",
            choices=(("none", "Constant"), ("cosine", "Cosine"), ("step", "In steps"), ("plateau", "When stuck")),
            advanced=True,
        ),
        Setting(
            name="hidden_layers",
            title="Hidden layers",
            help="Layers before the last one; 0 makes a linear model of a table.",
            type="integer",
            default=2,
            min=0,
            max=20,
            advanced=True,
        ),
        Setting(
            name="hidden_units",
            title="Units in a layer",
            help="The width of each hidden layer.",
            type="integer",
            default=128,
            min=1,
            max=8192,
            advanced=True,
        ),
        Setting(
            name="dropout",
            title="Dropout",
            help="The share of units that sit out each step, against learning by heart.",
            type="number",
            default=0.1,
            min=0.0,
            max=0.95,
            advanced=True,
        ),
        Setting(
            name="image_width",
            title="Width of images",
            help="For images that come as columns of pixels, row by row; 0 means square.",
            type="integer",
            default=0,
            min=0,
            max=4096,
            advanced=True,
        ),
        Setting(
            name="image_height",
            title="Height of images",
            help="For images that come as columns of pixels; 0 means square.",
            type="integer",
            default=0,
            min=0,
            max=4096,
            advanced=True,
        ),
        Setting(
            name="seed",
            title="Seed of the network",
            help="Another one begins with other weights and another order of rows, on the same split.",
            type="integer",
            default=0,
            min=0,
            max=2_147_483_647,
            advanced=True,
        ),
        Setting(
            name="checkpoint_minutes",
            title="Minutes between checkpoints",
            help="At the end of an epoch a checkpoint is kept anyway; in longer epochs also every so many minutes.",
            type="number",
            default=5.0,
            min=0.01,
            max=1440.0,
            advanced=True,
        ),
    ),
    continuing=Continuing(
        "The kept network is trained for longer: its weights go on, with a fresh optimizer, for as many epochs as are asked "
        "for. Its layers stay what they are. It stays the best until an epoch is better."
    ),
    takes=("table", "text", "image"),
    takes_folds=True,
    download_megabytes=3100,
    install_seconds=300,
    prepared_at_start=False,
    archive_note="The weights in `model/` are tensors and nothing else: loading them runs no code.",
    needs=Needs(
        base_megabytes=820, bytes_per_cell=60, base_seconds=7, seconds_per_million_cells=4, bytes_per_pixel=520_000
    ),
    trainer_only=("duckdb", "scikit-learn", "scipy", "joblib", "threadpoolctl", *_BROUGHT_BY_TORCH),
)


def warm_up() -> None:
    import trainer.engines.torch.fitting  # noqa: F401
    from trainer.engines.torch.learning import warm_up

    warm_up()


def check(spec: TrainSpec, settings: dict[str, SettingValue], rows: int | None) -> None:
    from trainer.engines.torch.kinds import check_data

    check_data(spec, settings)


def look_over(spec: TrainSpec, frame: pd.DataFrame) -> None:
    from trainer.engines.torch.kinds import look_over_images

    look_over_images(spec, DECLARATION.settled(spec.settings, spec.task.kind), frame)


def settings_of(given: dict[str, Any]) -> tuple[dict[str, SettingValue], list[str]]:
    """From a `hyperparams.json` as people have it; what had no place is told in sentences."""
    from trainer.engines.torch.hyperparams import settings_of as mapped

    found = mapped(given)
    return found.settings, found.told


def training_time(spec: TrainSpec, settings: dict[str, SettingValue], size: Size) -> TrainingTime | None:
    from trainer.engines.torch.timing import training_time as counted

    return counted(spec, settings, size)


def fit(order: Order) -> Fitted:
    from trainer.engines.torch.fitting import TorchEngine

    return TorchEngine(order).fit()


def resume(order: Order) -> Fitted:
    from trainer.engines.torch.fitting import TorchEngine

    return TorchEngine(order).take_up().fit()


def report(fitted: Fitted) -> dict[str, object]:
    return fitted.facts()


def predict(folder: Path, frame: object) -> Output:
    from trainer.output import Output
    from trainer.portable.predict import open_model

    return Output(*open_model(folder).predict(frame))
