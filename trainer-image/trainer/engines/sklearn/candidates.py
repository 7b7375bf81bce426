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
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.neighbors import KNeighborsClassifier, KNeighborsRegressor
from sklearn.neural_network import MLPClassifier, MLPRegressor
from sklearn.svm import SVC, SVR
from sklearn.tree import DecisionTreeClassifier, DecisionTreeRegressor

from trainer.contract import SettingValue

_AUTO = ("linear", "nearest_neighbours", "random_forest", "extra_trees", "hist_gradient_boosting")
_TITLES = {
    "linear": "Linear",
    "tree": "DecisionTree",
    "random_forest": "RandomForest",
    "extra_trees": "ExtraTrees",
    "hist_gradient_boosting": "GradientBoosting",
    "nearest_neighbours": "NearestNeighbours",
    "svm": "SupportVector",
    "mlp": "NeuralNetwork",
}
#: Some algorithms have so few settings that soon nothing new is drawn.
_MOST_DRAWS = 2000
_SCALED = ("linear", "nearest_neighbours", "svm", "mlp")


@dataclass(frozen=True)
class Candidate:
    name: str
    algorithm: str
    parameters: dict[str, Any] = field(default_factory=dict)

    @property
    def linear(self) -> bool:
        return self.algorithm == "linear"

    @property
    def scaled(self) -> bool:
        return self.algorithm in _SCALED


def candidates(settings: dict[str, SettingValue]) -> list[Candidate]:
    chosen = str(settings["algorithm"])
    names = _AUTO if chosen == "auto" else (chosen,)
    return [Candidate(_TITLES[name], name, _parameters(name, settings)) for name in names]


def variations(settings: dict[str, SettingValue], tried: list[str], seed: int) -> Iterator[Candidate]:
    """Drawn at random around what was tried: what a job that continues another spends its time on."""
    random = np.random.default_rng(seed + 7)
    chosen = str(settings["algorithm"])
    names = ("hist_gradient_boosting", "random_forest", "extra_trees", "linear") if chosen == "auto" else (chosen,)
    seen: set[str] = set()
    number = 0
    for turn in range(_MOST_DRAWS):
        algorithm = names[turn % len(names)]
        drawn = _draw(algorithm, random)
        if (said := f"{algorithm} {drawn}") in seen:
            continue
        seen.add(said)
        number += 1
        name = f"{_TITLES[algorithm]}_{number}"
        if name not in tried:
            yield Candidate(name, algorithm, {**_parameters(algorithm, settings), **drawn})


def _parameters(algorithm: str, settings: dict[str, SettingValue]) -> dict[str, Any]:
    number = {key: float(value) for key, value in settings.items() if isinstance(value, (int, float))}
    depth = int(number["max_depth"]) or None
    rate = number["learning_rate"]
    if algorithm in ("random_forest", "extra_trees"):
        return {"n_estimators": int(number["trees"]), "max_depth": depth}
    if algorithm == "hist_gradient_boosting":
        return {"max_iter": int(number["trees"]), "max_depth": depth, "learning_rate": rate or 0.1}
    if algorithm == "tree":
        return {"max_depth": depth}
    if algorithm == "nearest_neighbours":
        return {"n_neighbors": int(number["neighbours"])}
    if algorithm == "mlp":
        return {"alpha": 0.0001 * number["regularisation"], "learning_rate_init": rate or 0.001}
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
    if algorithm == "linear":
        strength = p["regularisation"]
        return LogisticRegression(C=1 / strength, max_iter=1000) if classes else Ridge(alpha=strength)
    if algorithm == "svm":
        cost = 1 / p["regularisation"]
        return SVC(C=cost, probability=True, random_state=seed) if classes else SVR(C=cost)
    if algorithm == "nearest_neighbours":
        p = {"n_neighbors": max(1, min(p["n_neighbors"], rows)), "weights": "distance", "n_jobs": -1}
        return KNeighborsClassifier(**p) if classes else KNeighborsRegressor(**p)
    if algorithm == "mlp":
        p = {**p, "hidden_layer_sizes": (64, 32), "early_stopping": early, "max_iter": 300, "random_state": seed}
        return MLPClassifier(**p) if classes else MLPRegressor(**p)
    if algorithm == "tree":
        return (
            DecisionTreeClassifier(**p, random_state=seed) if classes else DecisionTreeRegressor(**p, random_state=seed)
        )
    if algorithm == "hist_gradient_boosting":
        p = {**p, "early_stopping": early, "random_state": seed}
        return HistGradientBoostingClassifier(**p) if classes else HistGradientBoostingRegressor(**p)
    p = {**p, "n_jobs": -1, "random_state": seed}
    if algorithm == "random_forest":
        return RandomForestClassifier(**p) if classes else RandomForestRegressor(**p)
    return ExtraTreesClassifier(**p) if classes else ExtraTreesRegressor(**p)
