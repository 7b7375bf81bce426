"""What a person sets by scikit-learn's own names: read from text, and checked against the estimator itself."""

from __future__ import annotations

import json
from typing import Any

from trainer.contract import SettingValue
from trainer.failures import TrainerFailure

#: Set by the trainer: the same job must make the same model, and use the machine that it has.
_OURS = ("random_state", "n_jobs", "verbose", "probability", "warm_start")


def hidden_layers(settings: dict[str, SettingValue]) -> tuple[int, ...]:
    text = str(settings["hidden_layers"])
    try:
        widths = tuple(int(part) for part in text.replace(",", " ").split())
    except ValueError:
        widths = ()
    if not widths or len(widths) > 10 or not all(1 <= width <= 10_000 for width in widths):
        raise TrainerFailure("BadSettings", f"Hidden layers are one to ten widths, as in 64, 32, not “{text}”.")
    return widths


def given_hyperparameters(settings: dict[str, SettingValue]) -> dict[str, Any]:
    text = str(settings["hyperparameters"] or "").strip()
    if text == "":
        return {}
    try:
        given = json.loads(text)
    except ValueError as error:
        raise TrainerFailure("BadSettings", f"The hyperparameters are no JSON: {error}.") from error
    if not isinstance(given, dict):
        raise TrainerFailure("BadSettings", 'The hyperparameters are no JSON object, as in {"max_leaf_nodes": 50}.')
    if settings["algorithm"] == "auto":
        raise TrainerFailure("BadSettings", "Hyperparameters belong to one algorithm. Choose it first.")
    # Lists stand for the tuples that some of scikit-learn's want.
    return {name: tuple(value) if isinstance(value, list) else value for name, value in given.items()}


def check_hyperparameters(settings: dict[str, SettingValue], *, classes: bool) -> None:
    hidden_layers(settings)
    given = given_hyperparameters(settings)
    if not given:
        return
    from sklearn.utils._param_validation import InvalidParameterError

    from trainer.engines.sklearn.candidates import candidates, make_estimator

    (candidate,) = candidates({**settings, "hyperparameters": ""})
    estimator: Any = make_estimator(candidate, 1000, 0, classes=classes, rarest=10)
    known = sorted(name for name in estimator.get_params(deep=False) if name not in _OURS)
    for name in given:
        if name not in known:
            kind = type(estimator).__name__
            raise TrainerFailure("BadSettings", f"{kind} has no hyperparameter “{name}”. It has: {', '.join(known)}.")
    try:
        estimator.set_params(**given)._validate_params()
    except InvalidParameterError as error:
        raise TrainerFailure("BadSettings", f"A hyperparameter cannot be taken: {error}") from error
