"""H2O AutoML: boosted trees and linear models in a Java process; networks and stacking where these are not enough."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from trainer.contract import SettingValue, TrainSpec
from trainer.declaration import Declaration, Needs, Setting
from trainer.failures import TrainerFailure
from trainer.metrics import TASKS

if TYPE_CHECKING:
    from trainer.fitting import Fitted, Order, Output

FIRST_FAMILIES = (("GLM", "Linear model"), ("GBM", "Gradient boosting"), ("XGBoost", "XGBoost"))
FURTHER_FAMILIES = (("DeepLearning", "Deep learning"), ("StackedEnsemble", "Stacked ensemble"))
_CLASSES = ("binary", "multiclass")

DECLARATION = Declaration(
    name="h2o",
    title="H2O",
    summary="AutoML over linear models, gradient boosting and XGBoost; deep learning and stacking where these are not enough. Brings its own Java.",
    tasks=TASKS,
    settings=(
        Setting(
            name="max_models",
            title="Most models",
            help="Of linear models and boosting; 0 means as many as the time allows.",
            type="integer",
            default=20,
            min=0,
            max=1000,
        ),
        Setting(
            name="exclude",
            title="Without these model families",
            help="They are neither tried first nor added later.",
            type="choices",
            default=[],
            choices=(*FIRST_FAMILIES, *FURTHER_FAMILIES),
        ),
        Setting(
            name="enough_log_loss",
            title="Log loss that is good enough",
            help="When the best model is worse than this on validation, deep learning and stacking are added within the time that is left. 0 always adds them.",
            type="number",
            default=0.3,
            min=0.0,
            max=100.0,
            tasks=_CLASSES,
            advanced=True,
        ),
        Setting(
            name="enough_r2",
            title="R² that is good enough",
            help="When the best model is worse than this on validation, deep learning and stacking are added within the time that is left. 1 always adds them.",
            type="number",
            default=0.8,
            min=-100.0,
            max=1.0,
            tasks=("regression",),
            advanced=True,
        ),
        Setting(
            name="sample_rows",
            title="Rows to learn from",
            help="A random part of the training rows, of every class alike; 0 takes all of them.",
            type="integer",
            default=0,
            min=0,
            max=1_000_000_000,
        ),
        Setting(
            name="stopping_metric",
            title="Metric to stop by",
            help="A model stops growing when this gets no better on validation.",
            type="choice",
            default="AUTO",
            choices=(
                ("AUTO", "Log loss for classes, deviance for numbers"),
                ("logloss", "Log loss"),
                ("AUC", "AUC"),
                ("mean_per_class_error", "Mean error of the classes"),
                ("deviance", "Deviance"),
                ("RMSE", "RMSE"),
                ("MAE", "MAE"),
            ),
            advanced=True,
        ),
        Setting(
            name="stopping_rounds",
            title="Rounds without improvement",
            help="After so many in a row a model stops growing; 0 never stops it early.",
            type="integer",
            default=3,
            min=0,
            max=100,
            advanced=True,
        ),
        Setting(
            name="stopping_tolerance",
            title="Least improvement",
            help="Relative; a smaller one counts as none. 0 lets H2O choose by the number of rows.",
            type="number",
            default=0.0,
            min=0.0,
            max=1.0,
            advanced=True,
        ),
        Setting(
            name="memory_gb",
            title="Memory for Java in GB",
            help="0 takes half of the machine's memory, at most 128 GB: XGBoost needs as much again beside it. Not more than the machine has.",
            type="number",
            default=0.0,
            min=0.0,
            max=1000.0,
            advanced=True,
        ),
    ),
    takes_folds=True,
    download_megabytes=390,
    install_seconds=30,
    prepared_at_start=False,
    fills_time=True,
    archive_note="The model in `model/` is a MOJO, which Java reads as data: loading it runs no code that came with it.",
    needs=Needs(base_megabytes=750, bytes_per_cell=90, base_seconds=17, seconds_per_million_cells=2),
)

_FOR = {"logloss": _CLASSES, "AUC": ("binary",), "mean_per_class_error": _CLASSES}


def warm_up() -> None:
    import trainer.engines.h2o.fitting  # noqa: F401


def check(spec: TrainSpec, settings: dict[str, SettingValue], rows: int | None) -> None:
    from trainer.engines.h2o.java import require_memory

    excluded = settings["exclude"]
    assert isinstance(excluded, list)
    if all(name in excluded for name, _ in FIRST_FAMILIES):
        names = ", ".join(title for _, title in FIRST_FAMILIES)
        raise TrainerFailure.of_setting(
            "exclude", f"Of {names} all are left out, and nothing else begins. Leave one in."
        )
    metric = str(settings["stopping_metric"])
    fitting = _FOR.get(metric, TASKS if metric == "AUTO" else ("regression",))
    if spec.task.kind not in fitting:
        raise TrainerFailure.of_setting(
            "stopping_metric", f"The metric to stop by, {metric}, has no meaning for “{spec.task.kind}”."
        )
    require_memory(settings["memory_gb"], spec.machine_gib)
    if spec.start_from is not None:
        raise TrainerFailure("BadSettings", "H2O cannot go on from an earlier model. Train afresh.", "continuesJobId")


def check_here(spec: TrainSpec, settings: dict[str, SettingValue]) -> None:
    from trainer.engines.h2o.java import machine_gib, require_java, require_memory

    require_java()
    require_memory(settings["memory_gb"], machine_gib() if spec.machine_gib is None else spec.machine_gib)


def fit(order: Order) -> Fitted:
    from trainer.engines.h2o.fitting import H2oEngine

    return H2oEngine(order).fit()


def resume(order: Order) -> Fitted:
    from trainer.engines.h2o.fitting import H2oEngine

    return H2oEngine(order).take_up().fit()


def report(fitted: Fitted) -> dict[str, object]:
    return fitted.facts()


def predict(folder: Path, frame: object) -> Output:
    from trainer.output import Output
    from trainer.portable.predict import open_model

    return Output(*open_model(folder).predict(frame))
