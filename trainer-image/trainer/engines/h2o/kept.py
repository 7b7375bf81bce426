"""What is finished, on disk: each model in H2O's own format with its predictions of rows unseen, and what is known of it."""

# Types are checked where h2o is not installed, and this folder of the same name is taken for it.
# pyright: reportAttributeAccessIssue=false

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import h2o  # pyright: ignore[reportMissingImports]

from trainer.engines.h2o.cluster import Cluster
from trainer.files import write_text, written_whole
from trainer.interval import Interval
from trainer.metrics import Metric

FOLDER = "kept"


@dataclass(frozen=True)
class KeptModel:
    #: “GBM_2”, for a person.
    name: str
    #: What H2O calls it.
    key: str
    family: str
    step: str | None
    scores: dict[str, float]
    interval: Interval | None
    seconds: float
    bases: list[str] = field(default_factory=list)


class Kept:
    def __init__(self, scratch: Path) -> None:
        self._folder = scratch / FOLDER
        self.models: list[KeptModel] = []
        #: Why deep learning and stacking were added or not, once that is decided.
        self.decision: str | None = None
        self.escalated = False
        self.under_way: str | None = None
        #: Plan of the columns and the like, made once.
        self.plan: dict[str, Any] | None = None

    def read(self) -> bool:
        try:
            told = json.loads((self._folder / "kept.json").read_text("utf-8"))
        except (OSError, ValueError):
            return False
        self.models = [KeptModel(**model) for model in told["models"]]
        self.decision, self.escalated = told["decision"], told["escalated"]
        self.plan, self.under_way = told["plan"], told["underWay"]
        return True

    def write(self) -> None:
        told = {
            "models": [asdict(model) for model in self.models],
            "decision": self.decision,
            "escalated": self.escalated,
            "underWay": self.under_way,
            "plan": self.plan,
        }
        write_text(self._folder / "kept.json", json.dumps(told, ensure_ascii=False))

    def add(self, model: KeptModel, with_predictions: bool) -> None:
        """`with_predictions`: those of rows unseen go with it, since a stack made by a later attempt learns from them."""
        with written_whole(self._folder / model.key) as beside:
            own = "?export_cross_validation_predictions=true" if with_predictions else ""
            h2o.api(f"GET /99/Models.bin/{model.key}{own}", data={"dir": str(beside.resolve()), "force": True})
        self.models.append(model)
        self.write()

    def load(self, cluster: Cluster, models: list[KeptModel]) -> None:
        """Into H2O, those first that others are made of."""
        for model in sorted(models, key=lambda one: len(one.bases)):
            path = str((self._folder / model.key).resolve())
            cluster.machine.ask("POST /99/Models.bin/", data={"dir": path})

    def best(self, metric: Metric) -> KeptModel | None:
        best: KeptModel | None = None
        for model in self.models:
            if best is None or metric.better(model.scores[metric.name], best.scores[metric.name]):
                best = model
        return best

    def needed_for(self, name: str) -> list[KeptModel]:
        model = self.named(name)
        return [*(one for one in self.models if one.key in model.bases), model]

    def named(self, name: str) -> KeptModel:
        return next(model for model in self.models if model.name == name)
