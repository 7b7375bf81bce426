"""What an engine says of itself, as data (domain/engine.ts). Standard library only: `describe` imports no engine's parts."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Literal

from trainer.contract import SettingValue
from trainer.failures import TrainerFailure
from trainer.metrics import ALL_TASKS, TaskKind

DataKind = Literal["table", "text", "image"]
SettingType = Literal["choice", "number", "integer", "boolean", "choices", "text"]

_LONGEST_TEXT = 10_000


@dataclass(frozen=True)
class Setting:
    name: str
    title: str
    help: str
    type: SettingType
    default: SettingValue
    choices: tuple[tuple[str, str], ...] = ()
    min: float | None = None
    max: float | None = None
    tasks: tuple[TaskKind, ...] = ALL_TASKS
    #: For those who know what they look for: the form shows it when asked to.
    advanced: bool = False

    def describe(self) -> dict[str, Any]:
        choices = [{"value": value, "title": title} for value, title in self.choices]
        plain = {
            key: getattr(self, key) for key in ("name", "title", "help", "type", "default", "min", "max", "advanced")
        }
        return {**plain, "choices": choices, "tasks": list(self.tasks)}

    def problem_with(self, value: SettingValue) -> str | None:
        options = [value for value, _ in self.choices]
        if value is None:
            return None if self.default is None else f"{self.title} is needed."
        if self.type == "boolean":
            return None if isinstance(value, bool) else f"{self.title} is yes or no, not “{value}”."
        if self.type == "choice":
            return None if value in options else f"{self.title} is one of {', '.join(options)}, not “{value}”."
        if self.type == "choices":
            fits = isinstance(value, list) and all(item in options for item in value)
            return None if fits else f"“{self.title}” takes one or more of: {', '.join(options)}; not “{value}”."
        if self.type == "text":
            fits = isinstance(value, str) and len(value) <= _LONGEST_TEXT
            return None if fits else f"{self.title} is a text of at most {_LONGEST_TEXT} characters."
        return self._number_problem(value)

    def _number_problem(self, value: SettingValue) -> str | None:
        whole = self.type == "integer"
        if isinstance(value, bool) or not isinstance(value, (int, float)) or (whole and int(value) != value):
            return f"{self.title} is a {'whole ' if whole else ''}number, not “{value}”."
        if self.min is not None and value < self.min:
            return f"{self.title} is at least {self.min:g}, not {value:g}."
        if self.max is not None and value > self.max:
            return f"{self.title} is at most {self.max:g}, not {value:g}."
        return None


@dataclass(frozen=True)
class Needs:
    """What it takes to train on a table of numbers: measured with real runs, see docs/preflight.md."""

    base_megabytes: float
    #: Memory for each number of the table as the engine sees it, copies and models included.
    bytes_per_cell: float
    base_seconds: float
    #: Until its first model is ready.
    seconds_per_million_cells: float
    #: Memory for each pixel of one image: what a network holds of all images that it looks at together.
    bytes_per_pixel: float = 0

    def describe(self) -> dict[str, float]:
        return {
            "baseMegabytes": self.base_megabytes,
            "bytesPerCell": self.bytes_per_cell,
            "bytesPerPixel": self.bytes_per_pixel,
            "baseSeconds": self.base_seconds,
            "secondsPerMillionCells": self.seconds_per_million_cells,
        }


@dataclass(frozen=True)
class Continuing:
    """What a job does that goes on from a kept model, in sentences: they are read before it is started."""

    sentence: str
    #: The setting whose choice decides it, and what it is for each of its choices.
    setting: str | None = None
    choices: tuple[tuple[str, str], ...] = ()

    def describe(self) -> dict[str, Any]:
        choices = [{"value": value, "sentence": sentence} for value, sentence in self.choices]
        return {"sentence": self.sentence, "setting": self.setting, "choices": choices}


@dataclass(frozen=True)
class Declaration:
    name: str
    title: str
    summary: str
    tasks: tuple[TaskKind, ...]
    settings: tuple[Setting, ...]
    download_megabytes: int
    install_seconds: int
    prepared_at_start: bool
    #: None where no job can go on from a model of it.
    continuing: Continuing | None = None
    #: What its columns may hold: images are columns of bytes (BLOB).
    takes: tuple[DataKind, ...] = ("table",)
    #: Parts of the environment that only the trainer needs: left out of a model's requirements.txt.
    trainer_only: tuple[str, ...] = field(default=("duckdb",))
    #: It validates by the folds that it is given, where there are any, instead of making its own.
    takes_folds: bool = False
    #: It goes on until its list of models or its time is over: how long that is, the limit says.
    fills_time: bool = False
    #: What the README of an archive says of loading what lies in `model/`.
    archive_note: str = "The files in `model/` are pickles, and loading a pickle runs code: load only archives that come from where you trust."
    #: None where nobody has measured it: then nothing is estimated.
    needs: Needs | None = None

    def describe(self) -> dict[str, Any]:
        return {
            "name": self.name,
            "title": self.title,
            "summary": self.summary,
            "tasks": list(self.tasks),
            "takes": list(self.takes),
            "settings": [setting.describe() for setting in self.settings],
            "continues": self.continuing is not None,
            "continuing": self.continuing.describe() if self.continuing else None,
            "environment": {
                "downloadMegabytes": self.download_megabytes,
                "installSeconds": self.install_seconds,
                "preparedAtStart": self.prepared_at_start,
            },
            "needs": self.needs.describe() if self.needs else None,
        }

    def settled(self, given: dict[str, SettingValue], kind: TaskKind) -> dict[str, SettingValue]:
        """The settings with defaults filled in; fails on the first that is unknown or out of range."""
        if kind not in self.tasks:
            raise TrainerFailure("BadSettings", f"{self.title} cannot do the task “{kind}”.", "task.kind")
        known = {setting.name: setting for setting in self.settings}
        for name in given:
            if name not in known:
                raise TrainerFailure.of_setting(
                    name, f"{self.title} has no setting “{name}”. It has: {', '.join(known)}."
                )
        values: dict[str, SettingValue] = {}
        for name, setting in known.items():
            value = given.get(name)
            value = setting.default if value is None else value
            problem = setting.problem_with(value)
            if problem:
                raise TrainerFailure.of_setting(name, problem)
            if name in given and kind not in setting.tasks and value != setting.default:
                raise TrainerFailure.of_setting(name, f"{setting.title} has no meaning for the task “{kind}”.")
            values[name] = value
        return values
