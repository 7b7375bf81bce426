"""What every engine is: a folder with a declaration and five verbs. Adding an engine adds one folder, no line here."""

from __future__ import annotations

import importlib
from pathlib import Path
from typing import TYPE_CHECKING, Protocol, cast

from trainer.contract import SettingValue, TrainSpec
from trainer.declaration import Declaration
from trainer.failures import TrainerFailure

if TYPE_CHECKING:
    from trainer.fitting import Fitted, Order, Output

ENGINES_FOLDER = Path(__file__).parent / "engines"


class Engine(Protocol):
    """The module `trainer.engines.<name>`. Importing it needs the standard library only.

    One that learns from images has `look_over(spec, frame)` as well: it fails on a row that cannot be read, before the
    held-out rows are put aside. One whose settings have other names elsewhere has `settings_of(given)`: settings from a
    file of hyperparameters as people have it, and a sentence for each name that has no place (settings_file.py).
    One that has more to ask of a spec in its own environment, its libraries among it, has `check_here(spec, settings)`
    (checking.py). One that can tell how long a training will take has `training_time(spec, settings, size)`, by the
    standard library only (estimating.py).
    """

    DECLARATION: Declaration

    def check(self, spec: TrainSpec, settings: dict[str, SettingValue], rows: int | None) -> None:
        """Fails when settings, task and data cannot go together.

        Asked before there is a machine, on it, and again when the data was read. Standard library only; what is not
        known from the spec and `rows`, the rows to learn from, is no matter of it.
        """
        ...

    def warm_up(self) -> None:
        """Imports the heavy parts, while the data is being read."""
        ...

    def fit(self, order: Order) -> Fitted:
        """Fits until done, out of time or interrupted, and keeps what is finished in `order.scratch`."""
        ...

    def resume(self, order: Order) -> Fitted:
        """Goes on from what `order.scratch` holds, with the time that is left (none: only puts it together)."""
        ...

    def report(self, fitted: Fitted) -> dict[str, object]:
        """What only this engine can add to the report."""
        ...

    def predict(self, folder: Path, frame: object) -> Output:
        """Predicts with a model that was unpacked to `folder`."""
        ...


def engine_names() -> list[str]:
    return sorted(p.name for p in ENGINES_FOLDER.iterdir() if (p / "__init__.py").is_file())


def load_engine(name: str) -> Engine:
    if name not in engine_names():
        raise TrainerFailure("BadSpec", f"There is no engine “{name}”. There are: {', '.join(engine_names())}.")
    return cast(Engine, importlib.import_module(f"trainer.engines.{name}"))


def describe_engines() -> list[dict[str, object]]:
    return [load_engine(name).DECLARATION.describe() for name in engine_names()]
