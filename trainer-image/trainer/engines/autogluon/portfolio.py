"""Which model configurations a preset names, less those that the person left out or this environment cannot run."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from trainer.contract import SettingValue, TrainSpec
from trainer.engines.autogluon.tuning import drawn, given_ranges
from trainer.failures import TrainerFailure

if TYPE_CHECKING:
    from trainer.fitting import Order

#: The configurations that each preset fits, by AutoGluon's own names.
_CONFIGURATIONS = {"medium": "default", "good": "light", "high": "zeroshot", "best": "zeroshot"}
#: What a job that continues another goes on with when its own list is used up.
_FURTHER = "zeroshot"
#: Some libraries take no larger one.
_SEEDS = 2**31
_TRY = re.compile(r"_T(\d+)(?=$|_)")
_RUNNABLE = ("GBM", "XGB", "CAT", "RF", "XT", "LR", "KNN")


def check_families(settings: dict[str, SettingValue]) -> None:
    if not _families(settings):
        raise TrainerFailure.of_setting(
            "exclude", "Every model family that was chosen was also left out. Leave at least one in."
        )


def check_search(spec: TrainSpec, settings: dict[str, SettingValue]) -> None:
    ranges = given_ranges(settings, _families(settings))
    if ranges and settings["tuning"] == "off":
        raise TrainerFailure.of_setting(
            "ranges", "There are ranges, but the search is off. Turn it on, or take them out."
        )
    if not settings["stack_levels"]:
        return
    if spec.start_from is not None:
        # Its folds are kept for their predictions only, so nothing could be stacked on them (fitting.py).
        raise TrainerFailure.of_setting(
            "stack_levels",
            "A job that goes on from a model adds models beside it, and no levels of stacking above them. "
            "Leave them out, or train afresh.",
        )
    if settings["preset"] != "medium":
        return
    if spec.split.time is not None:
        # By time the latest part alone judges, whatever folds are asked for (folding.py).
        raise TrainerFailure.of_setting(
            "stack_levels",
            "Stacking needs folds, and in the order of time there are none at medium quality. "
            "Ask for a quality of good or above, or for no stacking.",
        )
    if spec.split.folds < 2:
        raise TrainerFailure.of_setting(
            "stack_levels", "Stacking needs folds. Ask for at least two, or for a quality of good or above."
        )


def portfolio(order: Order, tried: list[str] | None = None) -> dict[str, Any]:
    """What a job has to fit. `tried`: models of an earlier job, behind whose tries a search goes on with new ones."""
    settings = order.settings
    if settings["tuning"] != "random":
        return _seeded(_chosen(_CONFIGURATIONS[str(settings["preset"])], settings), order.seed)
    families = _families(settings)
    numbers = [int(number) for name in tried or [] for number in _TRY.findall(name)]
    start = max(numbers, default=0) + 1
    tries = drawn(
        families,
        given_ranges(settings, families),
        order.spec.task.kind,
        range(start, start + int(str(settings["tuning_trials"]))),
        order.seed,
        order.clock.left(),
    )
    return _seeded(tries, order.seed)


def further_portfolio(order: Order) -> dict[str, Any]:
    """What more time is used for when the job's own list is done; what was fitted already is skipped by name."""
    return _seeded(_chosen(_FURTHER, order.settings), order.seed)


def _seeded(configurations: dict[str, Any], seed: int) -> dict[str, Any]:
    """With the job's seed in every model that has one, by the name that it has there; AutoGluon's own is 0 for all.

    Rows that are divided by a column are divided alike for every seed: then nothing else would tell two seeds apart.
    """
    from autogluon.tabular.registry import ag_model_registry  # pyright: ignore[reportMissingImports]

    def seeded(family: str, given: dict[str, Any]) -> dict[str, Any]:
        name = ag_model_registry.key_to_cls(family).seed_name
        return given if name is None else {name: seed % _SEEDS, **given}

    return {
        family: [seeded(family, each) for each in given] if isinstance(given, list) else seeded(family, given)
        for family, given in configurations.items()
    }


def _chosen(name: str, settings: dict[str, SettingValue]) -> dict[str, Any]:
    from autogluon.tabular.configs.hyperparameter_configs import (  # pyright: ignore[reportMissingImports]
        get_hyperparameter_config,
    )

    named: dict[str, Any] = get_hyperparameter_config(name)
    families = _families(settings)
    chosen = {family: named[family] for family in named if family in families}
    # A family that the person asks for by name is fitted even where the preset does not have it.
    return {
        **chosen,
        **{family: {} for family in _listed(settings["include"]) if family in families and family not in named},
    }


def _families(settings: dict[str, SettingValue]) -> list[str]:
    included = _listed(settings["include"]) or list(_RUNNABLE)
    return [family for family in included if family not in _listed(settings["exclude"])]


def _listed(value: SettingValue) -> list[str]:
    return value if isinstance(value, list) else []
