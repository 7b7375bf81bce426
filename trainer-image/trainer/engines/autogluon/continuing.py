"""Goes on where an earlier fit has ended: its rows put back, further models fitted, all of them combined anew."""

from __future__ import annotations

from typing import Any

import pandas as pd

from trainer.engines.autogluon.callback import TellingCallback
from trainer.fitting import Order

#: The environment has no torch, so there is no GPU that AutoGluon could ask for.
RESOURCES: dict[str, Any] = {"num_cpus": "auto", "num_gpus": 0}


def fit_further(order: Order, predictor: Any, configurations: dict[str, Any], done: list[str]) -> None:
    """As `TabularPredictor.fit_extra`, which takes no callbacks: what it does, with ours."""
    trainer = predictor._trainer
    x, y, x_val, y_val = trainer.load_data()
    trainer.train_multi_levels(
        X=x,
        y=y,
        X_val=x_val,
        y_val=y_val,
        hyperparameters=configurations,
        time_limit=order.clock.left(),
        relative_stack=True,
        level_end=1,
        core_kwargs={"total_resources": RESOURCES, "ag_args_ensemble": {"save_bag_folds": True}},
        aux_kwargs={"fit_weighted_ensemble": False},
        callbacks=[TellingCallback(order, predictor, done)],
    )


def combine(order: Order, predictor: Any, name_suffix: str, only_able: bool) -> None:
    """A new ensemble over all models; `only_able`: of those that can predict as they are."""
    trainer = predictor._trainer
    core = trainer.get_model_names(stack_name="core", can_infer=True if only_able else None)
    core = [name for name in core if not name.endswith("_FULL") and name in order.board.models]
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
