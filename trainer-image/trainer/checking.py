"""Whether a job can go together, as far as its spec tells: asked before a machine is paid for, and again on it."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

from trainer.contract import SettingValue, TrainSpec, read_raw, train_spec_of
from trainer.engine import Engine, load_engine
from trainer.estimating import estimated, size_of
from trainer.failures import EXIT_DONE, TrainerFailure
from trainer.few import few_quoted
from trainer.sql_types import family


def checked(spec: TrainSpec, engine: Engine, *, rows: int | None = None, here: bool = True) -> dict[str, SettingValue]:
    """The settings with defaults filled in; fails on what stands against them.

    `here`: this is the engine's own environment, so that also what only it can tell is asked.
    """
    settings = engine.DECLARATION.settled(spec.settings, spec.task.kind)
    check_kinds(spec, engine)
    engine.check(spec, settings, rows)
    in_its_environment = getattr(engine, "check_here", None)
    if here and in_its_environment is not None:
        in_its_environment(spec, settings)
    return settings


def check_kinds(spec: TrainSpec, engine: Engine) -> None:
    odd = [column.name for column in spec.features if family(column.sql_type) == "bytes"]
    if odd and not hasattr(engine, "look_over"):
        holds, it = ("holds", "it") if len(odd) == 1 else ("hold", "them")
        raise TrainerFailure(
            "BadSettings",
            f"{few_quoted(odd)} {holds} images or other bytes, which {engine.DECLARATION.title} cannot learn from. "
            f"Leave {it} out, or choose another engine.",
            "engine.name",
        )


def print_check(path: Path, *, here: bool) -> int:
    """For each of the spec's `trials` (settings; without any, the spec itself) what stands against it, or null; and time."""
    raw = read_raw(path, "train")
    found = found_in(raw, here=here)
    print(json.dumps({"found": found, "times": times_in(raw, found)}, ensure_ascii=False))
    return EXIT_DONE


def times_in(raw: dict[str, Any], found: list[dict[str, Any] | None]) -> list[dict[str, Any] | None]:
    """How long each that nothing stands against will probably take, where data and engine tell."""
    if all(found):
        return [None] * len(found)
    spec, trials = train_spec_of(raw, Path()), raw.get("trials") or [raw.get("settings") or {}]
    engine, size = load_engine(spec.engine), size_of(raw, spec.task.kind)
    if size is None:
        return [None] * len(found)
    return [
        None if problem else estimated(engine, spec, engine.DECLARATION.settled(settings, spec.task.kind), size)
        for settings, problem in zip(trials, found, strict=True)
    ]


def found_in(raw: dict[str, Any], *, here: bool) -> list[dict[str, Any] | None]:
    trials = raw.get("trials") or [raw.get("settings") or {}]
    try:
        spec = train_spec_of(raw, Path())
        engine = load_engine(spec.engine)
    except TrainerFailure as failure:
        return [_told(failure)] * len(trials)
    return [_found(replace(spec, settings=settings), engine, raw.get("rows"), here=here) for settings in trials]


def _found(spec: TrainSpec, engine: Engine, rows: int | None, *, here: bool) -> dict[str, Any] | None:
    try:
        checked(spec, engine, rows=rows, here=here)
    except TrainerFailure as failure:
        return _told(failure)
    return None


def _told(failure: TrainerFailure) -> dict[str, Any]:
    return {"type": failure.type, "message": failure.message, "field": failure.field}
