"""How long a training will probably take, from its settings and the size of its data. Standard library only.

An engine that can tell has `training_time(spec, settings, size)`; one that goes on until its time is over says so in its
declaration (`fills_time`). Nobody knows it exactly: `test_estimating.py` holds it against what was measured.
"""

from __future__ import annotations

from typing import Any

from trainer.contract import SettingValue, TrainSpec
from trainer.engine import Engine
from trainer.size import Size, TrainingTime

#: Reading, the figures of the report and the archive, beside the fits: at least so much, and a part of what they take.
_REPORT_SECONDS, _REPORT_SHARE, _LONGEST_REPORT = 1.5, 0.2, 120.0
_PERMUTED_SECONDS_PER_CELL = 4e-7


def size_of(raw: dict[str, Any], task_kind: str) -> Size | None:
    """`size` of a spec that is only asked about; None where it is not told, or data must first be prepared."""
    told = raw.get("size")
    if not told or not told.get("rows"):
        return None
    return Size(
        rows=int(told["rows"]),
        cells=max(1.0, float(told["cells"])),
        pixels=float(told.get("pixels") or 0),
        classes=0 if task_kind == "regression" else int(told.get("classes") or 2),
        cpus=max(1, int(told.get("cpus") or 1)),
        gpus=int(told.get("gpus") or 0),
    )


def estimated(engine: Engine, spec: TrainSpec, settings: dict[str, SettingValue], size: Size) -> dict[str, Any] | None:
    if engine.DECLARATION.fills_time:
        return {"fillsTime": True, "seconds": None, "firstSeconds": None}
    tell = getattr(engine, "training_time", None)
    found: TrainingTime | None = tell(spec, settings, size) if tell else None
    if found is None:
        return None
    return {"fillsTime": False, "seconds": round(whole(found, size), 1), "firstSeconds": round(found.first, 1)}


def whole(found: TrainingTime, size: Size) -> float:
    fitting = found.fits - found.start
    looked_at = size.rows * size.cells * _PERMUTED_SECONDS_PER_CELL
    return found.fits + _REPORT_SECONDS + min(_LONGEST_REPORT, max(0.0, fitting * _REPORT_SHARE) + looked_at)
