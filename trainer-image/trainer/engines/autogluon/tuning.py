"""A search for hyperparameters: the ranges it draws from, AutoGluon's own for each family or those that were given, and
what is drawn.

The tries are drawn here and fitted as models like any other. AutoGluon's own search knows of its tries only when the last
one of a family is over: before that a lost machine would lose them all, and nobody saw them. Seed and range tell each try,
so that an attempt that goes on after a loss draws the same ones and fits those that are missing.
"""

from __future__ import annotations

import json
from typing import Any

from trainer.contract import SettingValue
from trainer.failures import TrainerFailure

#: Larger than any priority that AutoGluon gives a family.
_MOST_PRIORITY = 1000
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


def drawn(
    families: list[str], ranges: dict[str, dict[str, Any]], task_kind: str, tries: range, seed: int, seconds: float
) -> dict[str, list[dict[str, Any]]]:
    """For each family the tries of these numbers, from 1, of which the first has AutoGluon's own values. Fitted in turn:
    the first of each family, then the second, so that a search that ends early has seen them all."""
    from autogluon.tabular.registry import ag_model_registry  # pyright: ignore[reportMissingImports]

    found: dict[str, list[dict[str, Any]]] = {}
    for family in families:
        made_by = ag_model_registry.key_to_cls(family)
        given = spaces_of(ranges.get(family, {}))
        own = made_by(name=family, path="", problem_type=task_kind)._get_default_searchspace()
        rank = ag_model_registry.priority(made_by, problem_type=task_kind)
        found[family] = [
            {
                **values,
                "ag_args": {"name_suffix": f"_T{number}", "priority": rank - number * _MOST_PRIORITY},
                # No family may take the time of the others.
                "ag_args_fit": {"max_time_limit": max(1.0, seconds / len(families))},
            }
            for number, values in enumerate(_draws({**own, **given}, tries.stop - 1, seed), 1)
            if number in tries
        ]
    # Of a family without ranges there is nothing behind its first try.
    return {family: tries for family, tries in found.items() if tries}


def _draws(spaces: dict[str, Any], count: int, seed: int) -> list[dict[str, Any]]:
    from autogluon.common import space  # pyright: ignore[reportMissingImports]
    from autogluon.core.searcher import LocalRandomSearcher  # pyright: ignore[reportMissingImports]
    from autogluon.core.searcher.exceptions import ExhaustedSearchSpaceError  # pyright: ignore[reportMissingImports]

    if not any(isinstance(value, space.Space) for value in spaces.values()):
        return [spaces]  # such as of forests: nothing to draw
    searcher = LocalRandomSearcher(search_space=spaces, random_seed=seed)
    draws: list[dict[str, Any]] = []
    while len(draws) < count:
        try:
            draws.append({name: _plain(value) for name, value in searcher.get_config().items()})
        except ExhaustedSearchSpaceError:
            break
    return draws


def _plain(value: Any) -> Any:
    return value.item() if hasattr(value, "item") else value


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
