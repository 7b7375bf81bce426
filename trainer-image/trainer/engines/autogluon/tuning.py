"""The ranges that a search for hyperparameters draws from: AutoGluon's own for each family, or those that were given."""

from __future__ import annotations

import json
from typing import Any

from trainer.contract import SettingValue
from trainer.failures import TrainerFailure

_EXAMPLE = (
    '{"GBM": {"learning_rate": [0.01, 0.3, "log"], "num_leaves": [16, 128], "extra_trees": {"any": [true, false]}}}'
)


def given_ranges(settings: dict[str, SettingValue], families: list[str]) -> dict[str, dict[str, Any]]:
    """{family: {hyperparameter: [least, most] | [least, most, "log"] | {"any": [values]} | value}}, checked."""
    text = str(settings.get("ranges") or "").strip()
    if text == "":
        return {}
    try:
        ranges = json.loads(text)
    except ValueError as error:
        raise _bad(f"they are no JSON ({error})") from error
    if not isinstance(ranges, dict):
        raise _bad("they are no object of families")
    for family, each in ranges.items():
        if family not in families:
            raise _bad(f"“{family}” is not among the families that are fitted ({', '.join(families)})")
        if not isinstance(each, dict):
            raise _bad(f"“{family}” has no object of hyperparameters")
        for name, value in each.items():
            _check(f"{family}.{name}", value)
    return ranges


def spaces_of(ranges: dict[str, Any]) -> dict[str, Any]:
    """As AutoGluon wants them."""
    from autogluon.common import space  # pyright: ignore[reportMissingImports]

    def one(value: Any) -> Any:
        if isinstance(value, dict):
            return space.Categorical(*value["any"])
        if isinstance(value, list):
            least, most, *scale = value
            if isinstance(least, int) and isinstance(most, int) and not scale:
                return space.Int(least, most)
            return space.Real(float(least), float(most), log=bool(scale))
        return value

    return {name: one(value) for name, value in ranges.items()}


def _check(name: str, value: Any) -> None:
    if isinstance(value, dict):
        if list(value) != ["any"] or not isinstance(value["any"], list) or not value["any"]:
            raise _bad(f"{name} is neither a range nor “any” of some values")
        return
    if not isinstance(value, list):
        return
    numbers = value[:2]
    is_range = len(value) in (2, 3) and all(
        isinstance(number, int | float) and not isinstance(number, bool) for number in numbers
    )
    if not is_range or numbers[0] >= numbers[1] or (len(value) == 3 and value[2] != "log"):
        raise _bad(f'{name} is no range: [least, most] or [least, most, "log"]')
    if len(value) == 3 and numbers[0] <= 0:
        raise _bad(f"{name} has a range by the logarithm that does not begin above 0")


def _bad(why: str) -> TrainerFailure:
    return TrainerFailure.of_setting("ranges", f"The ranges cannot be taken: {why}. For example: {_EXAMPLE}")
