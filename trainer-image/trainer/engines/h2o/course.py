"""The course of a training: linear models and boosting; where these are not good enough, networks and stacking."""

from __future__ import annotations

import time

from trainer.engines.h2o.kept import Kept, KeptModel
from trainer.engines.h2o.runs import LEAST_SECONDS, Runs
from trainer.engines.h2o.steps import MOST_NETWORKS, first_plan, further_plan
from trainer.fitting import Order

#: The first families have this share of the time where others may follow.
_FIRST_SHARE = 0.7
_FURTHER = {"DeepLearning": "deep learning", "StackedEnsemble": "stacking"}


class EnoughTime(Exception):
    """These families have had their share."""


class Course:
    def __init__(self, order: Order, runs: Runs, kept: Kept, excluded: set[str]) -> None:
        self._order, self._runs, self._kept, self._excluded = order, runs, kept, excluded

    def run(self) -> None:
        self._first()
        if self._decide():
            self._networks()
            if "StackedEnsemble" not in self._excluded:
                self._stacks()

    def _first(self) -> None:
        """Linear models and boosting, until they are done or have had their share of the time."""
        asked = self._order.settings["max_models"]
        assert isinstance(asked, int)
        ends_at = time.time() + _FIRST_SHARE * self._order.clock.left()
        further = set(_FURTHER) - self._excluded

        def look() -> None:
            if further and time.time() > ends_at and self._kept.models and not self._good_enough()[0]:
                raise EnoughTime

        try:
            while not self._kept.escalated:
                fitted = sum(not model.bases and model.family != "DeepLearning" for model in self._kept.models)
                plan = first_plan(self._excluded, self._done())
                if not plan or (asked and fitted >= asked) or self._order.clock.left() <= LEAST_SECONDS:
                    return
                if not self._runs.automl(plan, asked - fitted if asked else 0, look):
                    return
        except EnoughTime:
            self._runs.stop()

    def _done(self) -> set[str]:
        return {f"{model.family} {model.step}" for model in self._kept.models if model.step}

    def _good_enough(self) -> tuple[bool, str]:
        best = self._kept.best(self._order.spec.task.metric)
        if best is None:
            return False, "there is no model yet"
        is_classes = self._order.spec.task.is_classes
        limit = self._order.settings["enough_log_loss" if is_classes else "enough_r2"]
        assert isinstance(limit, (int, float))
        if is_classes:
            value = best.scores["log_loss"]
            return value <= limit, f"log loss {value:.4g} on validation, {limit:g} is asked for"
        value = best.scores["r2"]
        return value >= limit, f"R² {value:.4g} on validation, {limit:g} is asked for"

    def _decide(self) -> bool:
        """Whether deep learning and stacking are added; said once, and kept for the report."""
        if self._kept.escalated:
            return True
        if not self._kept.models:
            return False
        good, said = self._good_enough()
        further = [title for name, title in _FURTHER.items() if name not in self._excluded]
        if good:
            self._kept.decision = f"The first models were good enough ({said}): nothing was added."
        elif not further:
            self._kept.decision = f"The first models were not good enough ({said}), but what would follow is left out."
        elif self._order.clock.left() <= LEAST_SECONDS:
            self._kept.decision = f"The first models were not good enough ({said}), but no time was left for more."
            self._order.cut_short = True
        else:
            self._kept.decision = f"The first models were not good enough ({said}): {' and '.join(further)} followed."
            self._kept.escalated = True
        print(self._kept.decision, flush=True)
        self._kept.write()
        return self._kept.escalated

    def _networks(self) -> None:
        left = self._order.clock.left()
        plan = further_plan(self._excluded, self._done())
        there = sum(model.family == "DeepLearning" for model in self._kept.models)
        if not plan or there >= MOST_NETWORKS or left <= LEAST_SECONDS:
            return
        ends_at = time.time() + (1.0 if "StackedEnsemble" in self._excluded else _FIRST_SHARE) * left

        def look() -> None:
            if time.time() > ends_at:
                raise EnoughTime

        try:
            self._runs.automl(plan, MOST_NETWORKS - there, look)
        except EnoughTime:
            self._runs.stop()

    def _stacks(self) -> None:
        """One of all models, and one of the best of each family, on their predictions of rows unseen."""
        single = [model for model in self._kept.models if not model.bases]
        metric = self._order.spec.task.metric
        by_family: dict[str, KeptModel] = {}
        for model in single:
            best = by_family.get(model.family)
            if best is None or metric.better(model.scores[metric.name], best.scores[metric.name]):
                by_family[model.family] = model
        wanted = {"StackedEnsemble_All": single, "StackedEnsemble_BestOfFamily": list(by_family.values())}
        there = {model.name for model in self._kept.models}
        for name, bases in wanted.items():
            if name in there or len(bases) < 2 or self._order.clock.left() <= LEAST_SECONDS:
                continue
            if name != "StackedEnsemble_All" and len(bases) == len(single):
                continue
            self._runs.stack(name, bases, f"{name}_{len(single)}")
