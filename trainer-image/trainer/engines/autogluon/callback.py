"""Tells of each model as it is fitted, and makes sure that it can be found again if this process dies in the next moment.

The class lives in a module that can be imported: AutoGluon pickles its callbacks with its trainer in mid-fit.
"""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

from autogluon.core.callbacks import AbstractCallback  # pyright: ignore[reportMissingImports]

from trainer.engines.autogluon.outcomes import Outcomes
from trainer.files import write_text
from trainer.fitting import Order

SAFE_COPY = "trainer.safe.pkl"
#: In the scratch folder.
KEPT_FOLDER = "autogluon"
#: When the time is up AutoGluon still walks through the rest of its list, only to skip each.
_WORTH_TELLING = 0.5
#: In that folder: how many levels of models the fit was to have, which its presets and its data decide.
COURSE = "course.json"


def planned_levels(scratch: Path) -> int:
    try:
        return int(json.loads((scratch / KEPT_FOLDER / COURSE).read_text("utf-8"))["levels"])
    except (OSError, ValueError, KeyError):
        return 1  # a checkpoint of before this was written


class TellingCallback(AbstractCallback):
    def __init__(self, order: Order | None = None, predictor: Any = None, done: list[str] | None = None) -> None:
        super().__init__()
        self._order = order
        self._predictor = predictor
        self._outcomes = None if order is None else Outcomes(order)
        #: Fitted before this fit began: not again.
        self._done = set(done or [])
        self._is_first = done is None
        #: Whether it ended the fit for want of improvement: no further level then, either.
        self.ended = False
        self._best: str | None = None
        self._without_gain = 0

    def __getstate__(self) -> dict[str, Any]:
        """What is pickled with the trainer is an empty shell: no data, no descriptors."""
        return {
            "_order": None,
            "_predictor": None,
            "_outcomes": None,
            "_done": set(),
            "_is_first": False,
            "ended": True,
            "_skip": False,
            "_best": None,
            "_without_gain": 0,
        }

    def before_trainer_fit(self, trainer: Any, **asked: Any) -> None:
        if self._order is not None and self._is_first:
            write_text(self._order.scratch / KEPT_FOLDER / COURSE, json.dumps({"levels": asked["level_end"]}))

    def _before_model_fit(
        self, trainer: Any, model: Any, time_limit: float | None = None, stack_name: str = "core", level: int = 1
    ) -> tuple[bool, bool]:
        order = self._order
        if order is None:
            return False, False
        if stack_name == "core" and model.name in self._done:
            return False, True
        left = order.clock.left()
        if left > _WORTH_TELLING:
            order.events.progress(f"Fitting {model.name}", order.clock.fraction())
        return order.clock.stop_asked, False

    def _after_model_fit(self, trainer: Any, model_names: list[str], stack_name: str = "core", level: int = 1) -> bool:
        order = self._order
        if order is None or not model_names:
            return False
        with order.interruption.held_back():
            # AutoGluon saves its trainer only after its callbacks: without this the newest model would be lost.
            trainer.save()
            models = Path(trainer.path)
            shutil.copyfile(models / "trainer.pkl", models / SAFE_COPY)
            self.tell(trainer, model_names)
            order.checkpoints.publish(model_names[-1], [KEPT_FOLDER])
        self.ended = self._in_vain(len(model_names))
        return order.clock.stop_asked or self.ended

    def _in_vain(self, fitted: int) -> bool:
        order = self._order
        assert order is not None
        patience = order.settings["patience"]
        best = None if order.board.best is None else order.board.best["model"]
        self._without_gain = 0 if best is None or best != self._best else self._without_gain + fitted
        self._best = best
        if not patience or self._without_gain < int(str(patience)):
            return False
        order.warn(f"Ended after {self._without_gain} models in a row that were no better than {best}.")
        return True

    def tell(self, trainer: Any, model_names: list[str]) -> None:
        assert self._order is not None and self._outcomes is not None
        cleaner = self._predictor._learner.label_cleaner
        for name in model_names:
            outcome = self._outcomes.of(name, trainer, cleaner)
            if outcome is not None:
                score = outcome.scores[self._order.spec.task.metric.name]
                self._order.board.add(
                    name,
                    score,
                    outcome.interval,
                    fit_seconds=outcome.fit_seconds,
                    predict_ms_per_1000=outcome.predict_ms_per_1000,
                )
