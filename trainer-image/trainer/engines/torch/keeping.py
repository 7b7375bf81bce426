"""What is on disk while a network learns: enough to go on to the very same result, and the best weights so far."""

# Types are checked where torch is not installed, and this folder of the same name is taken for it.
# pyright: reportAttributeAccessIssue=false

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import torch

from trainer.files import write_text, written_whole
from trainer.interval import Interval


@dataclass
class Progress:
    """How far it is; plain numbers only."""

    #: Epochs done, and steps done in the one under way.
    epoch: int = 0
    step: int = 0
    #: Epochs that an earlier job had done already.
    earlier_epochs: int = 0
    seconds: float = 0.0
    threads: int = 1
    #: One entry for each epoch done: what a learning curve is drawn of.
    curves: list[dict[str, Any]] = field(default_factory=list)
    #: For each epoch done, how many epochs ago the best one was then.
    since_best: list[int] = field(default_factory=list)
    best_epoch: int = 0
    best_name: str = ""
    validation: dict[str, float] = field(default_factory=dict)
    interval: Interval | None = None


class Kept:
    """The best weights are written before the state that names them, and older ones go after: whatever breaks off, both fit."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    @property
    def is_there(self) -> bool:
        return (self.folder / "state.pt").is_file() and (self.folder / "plan.json").is_file()

    def write_plan(self, plan: dict[str, Any]) -> None:
        write_text(self.folder / "plan.json", json.dumps(plan, ensure_ascii=False))

    def read_plan(self) -> dict[str, Any]:
        return json.loads((self.folder / "plan.json").read_text("utf-8"))

    def write_best(self, epoch: int, weights: dict[str, torch.Tensor]) -> None:
        write_tensors(self._best(epoch), weights)

    def read_best(self, epoch: int) -> dict[str, torch.Tensor]:
        return read_tensors(self._best(epoch))

    def write_state(self, progress: Progress, tensors: dict[str, Any]) -> None:
        write_tensors(self.folder / "state.pt", {"progress": asdict(progress), **tensors})
        for path in self.folder.glob("best-*.pt"):
            if path != self._best(progress.best_epoch):
                path.unlink()

    def read_state(self) -> tuple[Progress, dict[str, Any]]:
        state = read_tensors(self.folder / "state.pt")
        return Progress(**state.pop("progress")), state

    def _best(self, epoch: int) -> Path:
        return self.folder / f"best-{epoch}.pt"


def write_tensors(path: Path, value: Any) -> None:
    with written_whole(path) as beside:
        torch.save(value, beside)


def read_tensors(path: Path) -> Any:
    """Tensors and plain values only: nothing in the file is run."""
    return torch.load(path, map_location="cpu", weights_only=True)
