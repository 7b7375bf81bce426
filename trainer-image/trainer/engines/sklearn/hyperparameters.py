"""What a person sets by scikit-learn's own names: read from text, its names checked without the library, then by it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from trainer.contract import SettingValue
from trainer.failures import TrainerFailure

#: Set by the trainer: the same job must make the same model, and use the machine that it has.
OURS = ("random_state", "n_jobs", "verbose", "probability", "warm_start")
#: {"classes" | "numbers": {algorithm: {"estimator", "hyperparameters"}}}, from the library that the lock names.
_NAMES = Path(__file__).parent / "hyperparameters.json"


def hidden_layers(settings: dict[str, SettingValue]) -> tuple[int, ...]:
    text = str(settings["hidden_layers"])
    try:
        widths = tuple(int(part) for part in text.replace(",", " ").split())
    except ValueError:
        widths = ()
    if not widths or len(widths) > 10 or not all(1 <= width <= 10_000 for width in widths):
        raise TrainerFailure.of_setting(
            "hidden_layers", f"Hidden layers are one to ten widths, as in 64, 32, not “{text}”."
        )
    return widths


def given_hyperparameters(settings: dict[str, SettingValue]) -> dict[str, Any]:
    text = str(settings["hyperparameters"] or "").strip()
    if text == "":
        return {}
    try:
        given = json.loads(text)
    except ValueError as error:
        raise TrainerFailure.of_setting("hyperparameters", f"The hyperparameters are no JSON: {error}.") from error
    if not isinstance(given, dict):
        raise TrainerFailure.of_setting(
            "hyperparameters", 'The hyperparameters are no JSON object, as in {"max_leaf_nodes": 50}.'
        )
    if settings["algorithm"] == "auto":
        raise TrainerFailure.of_setting("hyperparameters", "Hyperparameters belong to one algorithm. Choose it first.")
    # Lists stand for the tuples that some of scikit-learn's want.
    return {name: tuple(value) if isinstance(value, list) else value for name, value in given.items()}


def check_names(settings: dict[str, SettingValue], *, classes: bool) -> None:
    """Standard library only: what it says is known before there is a machine."""
    hidden_layers(settings)
    given = given_hyperparameters(settings)
    if not given:
        return
    known = json.loads(_NAMES.read_text("utf-8"))["classes" if classes else "numbers"][str(settings["algorithm"])]
    for name in given:
        if name not in known["hyperparameters"]:
            names = ", ".join(known["hyperparameters"])
            raise TrainerFailure.of_setting(
                "hyperparameters", f"{known['estimator']} has no hyperparameter “{name}”. It has: {names}."
            )


def check_values(settings: dict[str, SettingValue], *, classes: bool) -> None:
    """By the estimator's own account of what it takes."""
    given = given_hyperparameters(settings)
    if not given:
        return
    from sklearn.utils._param_validation import InvalidParameterError

    estimator = estimator_of({**settings, "hyperparameters": ""}, classes=classes)
    try:
        estimator.set_params(**given)._validate_params()
    except InvalidParameterError as error:
        raise TrainerFailure.of_setting("hyperparameters", f"A hyperparameter cannot be taken: {error}") from error


def estimator_of(settings: dict[str, SettingValue], *, classes: bool) -> Any:
    from trainer.engines.sklearn.candidates import candidates, make_estimator

    (candidate,) = candidates(settings)
    return make_estimator(candidate, 1000, 0, classes=classes, rarest=10)


def names_of(estimator: Any) -> dict[str, Any]:
    """As `hyperparameters.json` has it."""
    names = sorted(name for name in estimator.get_params(deep=False) if name not in OURS)
    return {"estimator": type(estimator).__name__, "hyperparameters": names}
