"""AutoGluon Tabular: many models and an ensemble of the best."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from trainer.contract import SettingValue, TrainSpec
from trainer.declaration import Continuing, Declaration, Needs, Setting
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
        Setting(
            name="stack_levels",
            title="Levels of stacking",
            help="Further levels of models that learn from the predictions of those below; each takes as long as the first. "
            "Empty takes one at a quality of good or above for numbers and for several classes from 750 rows, else none. "
            "Needs folds; a job that goes on from a model has none.",
            type="integer",
            default=None,
            min=0,
            max=3,
            advanced=True,
        ),
        Setting(
            name="tuning",
            title="Search for hyperparameters",
            help="Off takes AutoGluon's own well-tried values, which is mostly the better use of the time.",
            type="choice",
            default="off",
            choices=(("off", "Off"), ("random", "Random: tries drawn from ranges, for each family")),
            advanced=True,
        ),
        Setting(
            name="tuning_trials",
            title="Tries for each family",
            help="Of the search: fewer when the time is over before.",
            type="integer",
            default=10,
            min=1,
            max=1000,
            advanced=True,
        ),
        Setting(
            name="ranges",
            title="Ranges of the search",
            help='As JSON, for families whose own ranges are not wanted: {"GBM": {"learning_rate": [0.01, 0.3, "log"]}}.',
            type="text",
            default="",
            advanced=True,
        ),
        Setting(
            name="calibrate_threshold",
            title="Threshold of decision",
            help="From which probability the positive class is said. By the metric it is moved for F1 and balanced accuracy only.",
            type="choice",
            default="auto",
            choices=(
                ("auto", "By the metric"),
                ("yes", "Move it to where the metric is best"),
                ("no", "Leave it at one half"),
            ),
            tasks=("binary",),
            advanced=True,
        ),
        Setting(
            name="patience",
            title="Stop after models without improvement",
            help="0 goes on to the end of the list. Else fitting ends when so many models in a row were no better than the best before.",
            type="integer",
            default=0,
            min=0,
            max=200,
            advanced=True,
        ),
    ),
    continuing=Continuing(
        "All models of the kept one stay. Those of the job's own list that are not among them are fitted, then further ones "
        "while the time lasts, and all are combined anew. No model is trained for longer."
    ),
    takes_folds=True,
    download_megabytes=330,
    install_seconds=90,
    prepared_at_start=False,
    fills_time=True,
    needs=Needs(base_megabytes=400, bytes_per_cell=60, base_seconds=4, seconds_per_million_cells=3),
)


def warm_up() -> None:
    import trainer.engines.autogluon.fitting  # noqa: F401


def check(spec: TrainSpec, settings: dict[str, SettingValue], rows: int | None) -> None:
    from trainer.engines.autogluon.portfolio import check_families, check_search

    check_families(settings)
    check_search(spec, settings)


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
