"""The models that are tried, in order of their cost, and further ones when there is time to go on."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from sklearn.base import BaseEstimator
from sklearn.ensemble import (
    ExtraTreesClassifier,
    ExtraTreesRegressor,
    HistGradientBoostingClassifier,
    HistGradientBoostingRegressor,
    RandomForestClassifier,
    RandomForestRegressor,
)
from sklearn.linear_model import ElasticNet, Lasso, LogisticRegression, Ridge
from sklearn.neighbors import KNeighborsClassifier, KNeighborsRegressor
from sklearn.neural_network import MLPClassifier, MLPRegressor
from sklearn.svm import SVC, SVR
from sklearn.tree import DecisionTreeClassifier, DecisionTreeRegressor

from trainer.contract import SettingValue
from trainer.engines.sklearn import VARIED_BY_AUTO, left_to_vary
from trainer.engines.sklearn.hyperparameters import given_hyperparameters, hidden_layers

_AUTO = ("linear", "nearest_neighbours", "random_forest", "extra_trees", "hist_gradient_boosting")
_TITLES = {
    "linear": "Linear",
    "ridge": "Ridge",
    "lasso": "Lasso",
    "elastic_net": "ElasticNet",
    "tree": "DecisionTree",
    "random_forest": "RandomForest",
    "extra_trees": "ExtraTrees",
    "hist_gradient_boosting": "GradientBoosting",
    "nearest_neighbours": "NearestNeighbours",
    "svm": "SupportVector",
    "mlp": "NeuralNetwork",
}
_COLUMNS_PER_SPLIT: dict[str, dict[str, Any]] = {
    "own": {},
    "sqrt": {"max_features": "sqrt"},
    "third": {"max_features": 1 / 3},
    "all": {"max_features": None},
}
#: Some algorithms have so few settings that soon nothing new is drawn.
_MOST_DRAWS = 2000
_LINEAR = ("linear", "ridge", "lasso", "elastic_net")
_SCALED = (*_LINEAR, "nearest_neighbours", "svm", "mlp")


@dataclass(frozen=True)
class Candidate:
    name: str
    algorithm: str
    parameters: dict[str, Any] = field(default_factory=dict)

    @property
    def linear(self) -> bool:
        return self.algorithm in _LINEAR

    @property
    def scaled(self) -> bool:
        return self.algorithm in _SCALED


def candidates(settings: dict[str, SettingValue]) -> list[Candidate]:
    chosen = str(settings["algorithm"])
    names = _AUTO if chosen == "auto" else (chosen,)
    further = given_hyperparameters(settings)
    return [Candidate(_TITLES[name], name, {**_parameters(name, settings), **further}) for name in names]


def variations(settings: dict[str, SettingValue], tried: list[str], seed: int) -> Iterator[Candidate]:
    """Drawn at random around what was tried: what a job that continues another spends its time on.

    What a person fixed by a hyperparameter stays.
    """
    random = np.random.default_rng(seed + 7)
    chosen = str(settings["algorithm"])
    names = VARIED_BY_AUTO if chosen == "auto" else (chosen,)
    given = given_hyperparameters(settings)
    seen: set[str] = set()
    number = 0
    for turn in range(_MOST_DRAWS):
        algorithm = names[turn % len(names)]
        every, varied = _draw(algorithm, random), left_to_vary(algorithm, given)
        drawn = {name: every[name] for name in varied}
        if not drawn:
            return
        if (said := f"{algorithm} {drawn}") in seen:
            continue
        seen.add(said)
        number += 1
        name = f"{_TITLES[algorithm]}_{number}"
        if name not in tried:
            yield Candidate(name, algorithm, {**_parameters(algorithm, settings), **given, **drawn})


def _parameters(algorithm: str, settings: dict[str, SettingValue]) -> dict[str, Any]:
    number = {key: float(value) for key, value in settings.items() if isinstance(value, (int, float))}
    depth = int(number["max_depth"]) or None
    rate = number["learning_rate"]
    leaf = {"min_samples_leaf": int(number["min_rows_in_leaf"])} if number["min_rows_in_leaf"] else {}
    columns = _COLUMNS_PER_SPLIT[str(settings["columns_per_split"])]
    if algorithm in ("random_forest", "extra_trees"):
        return {"n_estimators": int(number["trees"]), "max_depth": depth, **leaf, **columns}
    if algorithm == "hist_gradient_boosting":
        return {"max_iter": int(number["trees"]), "max_depth": depth, "learning_rate": rate or 0.1, **leaf}
    if algorithm == "tree":
        return {"max_depth": depth, **leaf}
    if algorithm == "nearest_neighbours":
        return {"n_neighbors": int(number["neighbours"])}
    if algorithm == "mlp":
        alpha = 0.0001 * number["regularisation"]
        return {"alpha": alpha, "learning_rate_init": rate or 0.001, "hidden_layer_sizes": hidden_layers(settings)}
    if algorithm == "svm":
        return {"regularisation": number["regularisation"], "kernel": str(settings["kernel"])}
    return {"regularisation": number["regularisation"]}


def _draw(algorithm: str, random: np.random.Generator) -> dict[str, Any]:
    if algorithm in ("random_forest", "extra_trees"):
        shares: list[Any] = ["sqrt", 0.3, 0.6, 1.0]
        return {"max_features": shares[random.integers(len(shares))], "min_samples_leaf": int(random.integers(1, 9))}
    if algorithm == "hist_gradient_boosting":
        return {
            "learning_rate": float(10 ** random.uniform(-2, -0.5)),
            "max_leaf_nodes": int(random.integers(8, 64)),
            "min_samples_leaf": int(random.integers(5, 40)),
            "l2_regularization": float(10 ** random.uniform(-3, 1)),
        }
    if algorithm == "tree":
        return {"max_depth": int(random.integers(2, 20)), "min_samples_leaf": int(random.integers(1, 30))}
    if algorithm == "nearest_neighbours":
        return {"n_neighbors": int(random.integers(1, 60))}
    if algorithm == "mlp":
        return {"alpha": float(10 ** random.uniform(-6, 0)), "learning_rate_init": float(10 ** random.uniform(-4, -2))}
    return {"regularisation": float(10 ** random.uniform(-3, 3))}


def make_estimator(candidate: Candidate, rows: int, seed: int, *, classes: bool, rarest: int) -> BaseEstimator:
    # Stopping early takes a tenth of the rows aside, of every class: only where each has some to give.
    early = rows >= 500 and rarest >= 10
    p = dict(candidate.parameters)
    algorithm = candidate.algorithm
    if algorithm in _LINEAR:
        return _linear(algorithm, p, seed, classes=classes)
    if algorithm == "svm":
        p = {"C": 1 / p.pop("regularisation"), **p}
        return SVC(**p, probability=True, random_state=seed) if classes else SVR(**p)
    if algorithm == "nearest_neighbours":
        p = {"weights": "distance", **p, "n_neighbors": max(1, min(p["n_neighbors"], rows)), "n_jobs": -1}
        return KNeighborsClassifier(**p) if classes else KNeighborsRegressor(**p)
    if algorithm == "mlp":
        p = {"early_stopping": early, "max_iter": 300, **p, "random_state": seed}
        return MLPClassifier(**p) if classes else MLPRegressor(**p)
    if algorithm == "tree":
        return (
            DecisionTreeClassifier(**p, random_state=seed) if classes else DecisionTreeRegressor(**p, random_state=seed)
        )
    if algorithm == "hist_gradient_boosting":
        p = {"early_stopping": early, **p, "random_state": seed}
        return HistGradientBoostingClassifier(**p) if classes else HistGradientBoostingRegressor(**p)
    p = {**p, "n_jobs": -1, "random_state": seed}
    if algorithm == "random_forest":
        return RandomForestClassifier(**p) if classes else RandomForestRegressor(**p)
    return ExtraTreesClassifier(**p) if classes else ExtraTreesRegressor(**p)


def _linear(algorithm: str, parameters: dict[str, Any], seed: int, *, classes: bool) -> BaseEstimator:
    strength = parameters.pop("regularisation")
    if not classes:
        if algorithm in ("linear", "ridge"):
            return Ridge(**{"alpha": strength, **parameters})
        # Its default of 1 leaves out all but the strongest columns of a label that is not scaled.
        p = {"alpha": 0.01 * strength, "max_iter": 10_000, **parameters}
        return Lasso(**p) if algorithm == "lasso" else ElasticNet(**p)
    p = {"C": 1 / strength, "max_iter": 1000}
    if algorithm in ("lasso", "elastic_net"):
        # Only this solver can leave columns out, for any number of classes; it walks in an order that is drawn.
        penalty = {"penalty": "l1"} if algorithm == "lasso" else {"penalty": "elasticnet", "l1_ratio": 0.5}
        p |= {"solver": "saga", "random_state": seed, **penalty}
    return LogisticRegression(**{**p, **parameters})
