"""What a report says of the data it is about, and of the software that made it."""

from __future__ import annotations

import hashlib
import platform
import re
from importlib.metadata import PackageNotFoundError, version
from typing import Any

from trainer import __version__
from trainer.engine import ENGINES_FOLDER
from trainer.fitting import Order
from trainer.inputs import Inputs

#: In an engine's requirements.in: a package, and the parts of it that are asked for.
_REQUIREMENT = re.compile(r"([A-Za-z0-9][\w.\-]*)(?:\[([^\]]*)\])?")
#: A sum of more takes seconds that the report has better uses for.
_MOST_HASHED_BYTES = 512 * 2**20


def data_facts(order: Order, inputs: Inputs) -> dict[str, Any]:
    spec = order.spec
    kinds: dict[str, int] = {}
    for column in spec.features:
        kinds[column.sql_type] = kinds.get(column.sql_type, 0) + 1
    return {
        "rows": len(inputs.frame) + len(inputs.test_frame),
        "withoutLabel": inputs.labels.without_label,
        "columns": len(spec.features),
        "ignored": sum(column.role == "ignored" for column in spec.columns),
        "types": dict(sorted(kinds.items(), key=lambda kind: -kind[1])[:20]),
        "sha256": _sum_of_file(order),
        "split": {
            "holdoutFraction": spec.split.holdout_fraction,
            "folds": spec.split.folds,
            "seed": spec.split.seed,
            "groupColumn": spec.split.group,
            "timeColumn": spec.split.time,
        },
        "weightColumn": spec.weight,
    }


def _sum_of_file(order: Order) -> str | None:
    path = order.spec.data
    if not path.is_file() or path.stat().st_size > _MOST_HASHED_BYTES:
        return None
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while block := file.read(2**20):
            digest.update(block)
    return digest.hexdigest()


def versions(engine: str) -> dict[str, str]:
    """Of what the engine itself asks for, as far as it is here; not of all that comes along with that."""
    found = {"trainer": __version__, "python": platform.python_version()}
    for name in _asked_for(engine):
        try:
            found[name] = version(name)
        except PackageNotFoundError:
            continue
    return found


def _asked_for(engine: str) -> list[str]:
    try:
        lines = (ENGINES_FOLDER / engine / "requirements.in").read_text("utf-8").splitlines()
    except OSError:
        return []
    names: list[str] = []
    for matched in filter(None, map(_REQUIREMENT.match, lines)):
        names.append(matched[1])
        for part in filter(None, (part.strip() for part in (matched[2] or "").split(","))):
            # Some libraries have a smaller build for machines without a GPU.
            names += [part, f"{part}-cpu"]
    return list(dict.fromkeys(names))
