"""Goes on where an earlier fit has ended: its rows put back, further models fitted level by level, all of them combined
anew. Folds are what they were: AutoGluon draws them by the level and a seed that its trainer keeps, or takes the column."""

from __future__ import annotations

from typing import Any

import pandas as pd

from trainer.engines.autogluon.callback import TellingCallback
from trainer.engines.autogluon.folding import WEIGHT_COLUMN
from trainer.fitting import Order

#: The environment has no torch, so there is no GPU that AutoGluon could ask for.
RESOURCES: dict[str, Any] = {"num_cpus": "auto", "num_gpus": 0}


#: As AutoGluon has it: an early level may take so much more than its even share of the time.
_MORE_FOR_EARLY = 1.333


def fit_further(order: Order, predictor: Any, configurations: dict[str, Any], done: list[str], levels: int) -> None:
    """Every model of these levels that is not there yet, each level on the predictions of all that are in the one below.

    As `TabularPredictor.fit_extra`, which takes no callbacks and would learn a level from its own new models only.
    """
    trainer = predictor._trainer
    telling = TellingCallback(order, predictor, done)
    x, y, x_val, y_val = trainer.load_data()

    def as_named(hyperparameters: dict[str, Any], **asked: Any) -> Any:
        """By the very names that a first fit gives; one that is done is told by it and skipped."""
        return trainer.construct_model_templates(hyperparameters, **asked, invalid_model_names=[])

    # A level is begun when the one below is through, by its end or by its time.
    first = max([level for level in range(1, levels + 1) if core_models(trainer, level)], default=1)
    for level in range(first, levels + 1):
        below = core_models(trainer, level - 1) if level > 1 else []
        left = order.clock.left()
        if telling.ended or left <= 0 or (level > 1 and not below):
            return
        before = core_models(trainer, level)
        trainer.train_multi_levels(
            X=x,
            y=y,
            X_val=x_val,
            y_val=y_val,
            hyperparameters=configurations,
            time_limit=min(left, left / (levels - level + 1) * _MORE_FOR_EARLY),
            relative_stack=False,
            level_start=level,
            level_end=level,
            base_model_names=below,
            core_kwargs={
                "total_resources": RESOURCES,
                "ag_args_ensemble": {"save_bag_folds": True},
                "get_models_func": as_named,
            },
            aux_kwargs={"fit_weighted_ensemble": False},
            callbacks=[telling],
        )
        if level < levels and core_models(trainer, level) != before:
            combine(order, predictor, "Continued", only_able=False, level=level)


def core_models(trainer: Any, level: int | None = None) -> list[str]:
    """Without those that were fitted again on all rows: nothing is left to judge these by."""
    names = trainer.get_model_names(stack_name="core", level=level)
    return [name for name in names if not name.endswith("_FULL")]


def combine(order: Order, predictor: Any, name_suffix: str, only_able: bool, level: int | None = None) -> None:
    """A new ensemble over all models, or those of a level; `only_able`: of those that can predict as they are."""
    trainer = predictor._trainer
    able = trainer.get_model_names(stack_name="core", can_infer=True if only_able else None)
    core = [name for name in core_models(trainer, level) if name in able and name in order.board.models]
    if len(core) > 1:
        made = predictor.fit_weighted_ensemble(base_models=core, name_suffix=name_suffix, num_gpus=0)
        TellingCallback(order, predictor).tell(trainer, made)
    trainer.model_best = None  # what was best before need not be so any more
    trainer.save()


def rows_of(frame: pd.DataFrame | None) -> list[int] | None:
    return None if frame is None else [int(number) for number in frame.index]


def put_back_rows(order: Order, predictor: Any, rows: dict[str, list[int] | None]) -> None:
    """The archive holds no rows of data, only which ones were whose: they are taken from this job's data again."""
    learner, trainer = predictor._learner, predictor._trainer

    def part(numbers: list[int]) -> tuple[pd.DataFrame, pd.Series]:
        labels = pd.Series(order.values[numbers], index=numbers, name=order.spec.task.label)
        features = learner.transform_features(order.frame.iloc[numbers])
        if order.weights is not None:
            # Beside the features, where AutoGluon looks for it; without it all rows would count the same, and nobody were told.
            features = features.assign(**{WEIGHT_COLUMN: order.weights[numbers]})
        return features, learner.label_cleaner.transform(labels)

    train, validation = rows["train"], rows["validation"]
    if train is not None:
        x, y = part(train)
        trainer.save_X(x)
        trainer.save_y(y)
    if validation is not None:
        x, y = part(validation)
        trainer.save_X_val(x)
        trainer.save_y_val(y)
