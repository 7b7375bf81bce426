"""AutoGluon Tabular: many models and an ensemble of the best."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from trainer.contract import SettingValue, TrainSpec
from trainer.declaration import Declaration, Setting
from trainer.metrics import TASKS

if TYPE_CHECKING:
    from trainer.fitting import Fitted, Order, Output

_FAMILIES = (
    ("GBM", "LightGBM"),
    ("XGB", "XGBoost"),
    ("CAT", "CatBoost"),
    ("RF", "Random forest"),
    ("XT", "Extra trees"),
    ("LR", "Linear model"),
    ("KNN", "Nearest neighbours"),
)

DECLARATION = Declaration(
    name="autogluon",
    title="AutoGluon",
    summary="Fits many models within the time and combines the best of them. A large environment, made when first asked for.",
    tasks=TASKS,
    settings=(
        Setting(
            name="preset",
            title="Quality",
            help="Higher quality takes more time and memory: good and above fit every model on several folds.",
            type="choice",
            default="medium",
            choices=(
                ("medium", "Medium: quick to train, quick to predict"),
                ("good", "Good: folds, then one fast model of each"),
                ("high", "High: many more configurations, fast to predict"),
                ("best", "Best: everything, large and slow to predict"),
            ),
        ),
        Setting(
            name="include",
            title="Only these model families",
            help="None chosen means all that the quality names.",
            type="choices",
            default=[],
            choices=_FAMILIES,
        ),
        Setting(
            name="exclude",
            title="Without these model families",
            help="Left out even where the quality names them.",
            type="choices",
            default=[],
            choices=_FAMILIES,
        ),
    ),
    continues=True,
    takes_folds=True,
    download_megabytes=330,
    install_seconds=90,
    prepared_at_start=False,
)


def warm_up() -> None:
    import trainer.engines.autogluon.fitting  # noqa: F401


def check(spec: TrainSpec, settings: dict[str, SettingValue], rows: int | None) -> None:
    from trainer.engines.autogluon.portfolio import check_families

    check_families(settings)


def fit(order: Order) -> Fitted:
    from trainer.engines.autogluon.fitting import AutogluonEngine

    return AutogluonEngine(order).fit()


def resume(order: Order) -> Fitted:
    from trainer.engines.autogluon.fitting import AutogluonEngine

    return AutogluonEngine(order).take_up().go_on()


def report(fitted: Fitted) -> dict[str, object]:
    return fitted.facts()


def predict(folder: Path, frame: object) -> Output:
    from trainer.output import Output
    from trainer.portable.predict import open_model

    return Output(*open_model(folder).predict(frame))
