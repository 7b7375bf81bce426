"""scikit-learn: a handful of algorithms, ready in seconds."""

from __future__ import annotations

from collections.abc import Collection
from pathlib import Path
from typing import TYPE_CHECKING

from trainer.contract import SettingValue, TrainSpec
from trainer.declaration import Continuing, Declaration, Needs, Setting
from trainer.failures import TrainerFailure
from trainer.metrics import TASKS

if TYPE_CHECKING:
    from trainer.fitting import Fitted, Order, Output
    from trainer.size import Size, TrainingTime

#: Its time grows with the square of the rows.
_MOST_ROWS_FOR_SVM = 50_000

#: Scikit-learn's own of these know no weights of rows; a test asks the library whether it is still so.
UNWEIGHTED = ("nearest_neighbours",)

_ALGORITHMS = (
    ("auto", "Try a handful, keep the best"),
    ("linear", "Linear or logistic regression"),
    ("ridge", "Ridge: linear, held back evenly"),
    ("lasso", "Lasso: linear, leaves out what says little"),
    ("elastic_net", "Elastic net: between ridge and lasso"),
    ("tree", "Decision tree"),
    ("random_forest", "Random forest"),
    ("extra_trees", "Extra trees"),
    ("hist_gradient_boosting", "Gradient boosting"),
    ("nearest_neighbours", "Nearest neighbours"),
    ("svm", "Support vector machine"),
    ("mlp", "Small neural network"),
)

#: A job that goes on from a kept model gives up when this many models in a row were no better.
PATIENCE = 25

#: What such a job draws anew for each further model, by the names of its parameters.
VARIED: dict[str, tuple[str, ...]] = {
    **dict.fromkeys(("linear", "ridge", "lasso", "elastic_net", "svm"), ("regularisation",)),
    "tree": ("max_depth", "min_samples_leaf"),
    **dict.fromkeys(("random_forest", "extra_trees"), ("max_features", "min_samples_leaf")),
    "hist_gradient_boosting": ("learning_rate", "max_leaf_nodes", "min_samples_leaf", "l2_regularization"),
    "nearest_neighbours": ("n_neighbors",),
    "mlp": ("alpha", "learning_rate_init"),
}
#: For “auto” in turn.
VARIED_BY_AUTO = ("hist_gradient_boosting", "random_forest", "extra_trees", "linear")
#: By these of scikit-learn's own names a person fixes what is drawn under ours.
_FIXED_BY = {"regularisation": ("C", "alpha")}
_VARIED_WORDS = {
    "regularisation": "regularisation",
    "max_depth": "depth",
    "min_samples_leaf": "rows in a leaf",
    "max_features": "columns tried at each split",
    "learning_rate": "learning rate",
    "max_leaf_nodes": "leaves",
    "l2_regularization": "regularisation",
    "n_neighbors": "neighbours",
    "alpha": "regularisation",
    "learning_rate_init": "learning rate",
}


def left_to_vary(algorithm: str, given: Collection[str]) -> tuple[str, ...]:
    """Without what a person fixed by a hyperparameter."""
    return tuple(name for name in VARIED[algorithm] if not {name, *_FIXED_BY.get(name, ())} & set(given))


def _goes_on(algorithm: str) -> str:
    if algorithm == "auto":
        titles = [dict(_ALGORITHMS)[name] for name in VARIED_BY_AUTO]
        return f"First what of the handful was not tried yet, then in turn with other settings: {'; '.join(titles)}."
    varied = ", ".join(_VARIED_WORDS[name] for name in VARIED[algorithm])
    return f"First as it is set, if that was not tried yet; then with other values of: {varied}."


DECLARATION = Declaration(
    name="sklearn",
    title="scikit-learn",
    summary="A handful of well-known algorithms. Small to install, a first model within seconds.",
    tasks=TASKS,
    settings=(
        Setting(
            name="algorithm",
            title="Algorithm",
            help="One algorithm, or a handful tried in order of their cost for as long as the time lasts.",
            type="choice",
            default="auto",
            choices=_ALGORITHMS,
        ),
        Setting(
            name="trees",
            title="Trees",
            help="For random forest and extra trees; for gradient boosting the most rounds. More are slower, rarely worse.",
            type="integer",
            default=300,
            min=1,
            max=5000,
        ),
        Setting(
            name="max_depth",
            title="Deepest tree",
            help="0 lets trees grow as they like. Small numbers make simpler models.",
            type="integer",
            default=0,
            min=0,
            max=100,
        ),
        Setting(
            name="learning_rate",
            title="Learning rate",
            help="For gradient boosting and the neural network; 0 takes each one's own default. Smaller learns slower and needs more rounds.",
            type="number",
            default=0.0,
            min=0.0,
            max=1.0,
        ),
        Setting(
            name="regularisation",
            title="Regularisation",
            help="For linear models, the support vector machine and the neural network: above 1 holds the model back more, below 1 less.",
            type="number",
            default=1.0,
            min=0.000001,
            max=1_000_000,
        ),
        Setting(
            name="neighbours",
            title="Neighbours",
            help="For nearest neighbours: how many similar rows are asked.",
            type="integer",
            default=15,
            min=1,
            max=1000,
        ),
        Setting(
            name="min_rows_in_leaf",
            title="Fewest rows in a leaf",
            help="For trees, forests and gradient boosting; 0 takes each one's own. More make smoother models.",
            type="integer",
            default=0,
            min=0,
            max=100_000,
            advanced=True,
        ),
        Setting(
            name="columns_per_split",
            title="Columns tried at each split",
            help="For forests: fewer make trees that differ more.",
            type="choice",
            default="own",
            choices=(
                ("own", "The algorithm's own"),
                ("sqrt", "Square root of all"),
                ("third", "A third"),
                ("all", "All"),
            ),
            advanced=True,
        ),
        Setting(
            name="kernel",
            title="Kernel",
            help="For the support vector machine.",
            type="choice",
            default="rbf",
            choices=(("rbf", "Radial"), ("linear", "Linear"), ("poly", "Polynomial"), ("sigmoid", "Sigmoid")),
            advanced=True,
        ),
        Setting(
            name="hidden_layers",
            title="Hidden layers",
            help="For the neural network: the width of each, from the first, as in 64, 32.",
            type="text",
            default="64, 32",
            advanced=True,
        ),
        Setting(
            name="hyperparameters",
            title="Hyperparameters",
            help="Further ones of the chosen algorithm by scikit-learn's own names, as JSON: "
            '{"criterion": "entropy", "max_leaf_nodes": 50}. They go before the settings above.',
            type="text",
            default="",
            advanced=True,
        ),
    ),
    continuing=Continuing(
        "No algorithm of scikit-learn is trained for longer here: further models are fitted anew, with other settings, "
        f"until {PATIENCE} in a row were no better, nothing new is left to draw, or the time is up. What you fix by a "
        "hyperparameter stays. The kept model stays the best until one is better.",
        setting="algorithm",
        choices=tuple((name, _goes_on(name)) for name, _ in _ALGORITHMS),
    ),
    takes_folds=True,
    download_megabytes=95,
    install_seconds=15,
    prepared_at_start=True,
    needs=Needs(base_megabytes=280, bytes_per_cell=80, base_seconds=2.5, seconds_per_million_cells=0.5),
)


def warm_up() -> None:
    import trainer.engines.sklearn.candidates  # noqa: F401


def check(spec: TrainSpec, settings: dict[str, SettingValue], rows: int | None) -> None:
    from trainer.engines.sklearn.hyperparameters import check_names

    check_names(settings, classes=spec.task.is_classes)
    if spec.weight is not None and settings["algorithm"] in UNWEIGHTED:
        title = dict(_ALGORITHMS)[str(settings["algorithm"])]
        raise TrainerFailure.of_setting(
            "algorithm",
            f"{title} cannot weigh rows: for it all would count the same, whatever “{spec.weight}” says. "
            "Choose another algorithm, or no column of weights.",
        )
    if settings["algorithm"] == "svm" and rows is not None and rows > _MOST_ROWS_FOR_SVM:
        raise TrainerFailure.of_setting(
            "algorithm",
            f"A support vector machine would take hours on {rows} rows (at most {_MOST_ROWS_FOR_SVM}). "
            "Choose gradient boosting or a linear model.",
        )


def check_here(spec: TrainSpec, settings: dict[str, SettingValue]) -> None:
    from trainer.engines.sklearn.hyperparameters import check_values

    check_values(settings, classes=spec.task.is_classes)


def training_time(spec: TrainSpec, settings: dict[str, SettingValue], size: Size) -> TrainingTime | None:
    from trainer.engines.sklearn.timing import training_time as counted

    return counted(spec, settings, size)


def fit(order: Order) -> Fitted:
    from trainer.engines.sklearn.fitting import SklearnEngine

    return SklearnEngine(order).fit()


def resume(order: Order) -> Fitted:
    from trainer.engines.sklearn.fitting import SklearnEngine

    return SklearnEngine(order).take_up().fit()


def report(fitted: Fitted) -> dict[str, object]:
    return fitted.facts()


def predict(folder: Path, frame: object) -> Output:
    from trainer.output import Output
    from trainer.portable.predict import open_model

    return Output(*open_model(folder).predict(frame))
