"""What the runner is told: environment variables, checked once at the start."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Literal
from urllib.parse import unquote, urlsplit

HolderKind = Literal["job", "prediction"]

_GIGABYTE = 1000**3


class SettingsError(Exception):
    """A variable is missing or makes no sense; the message names it."""


@dataclass(frozen=True)
class GooglePlace:
    """Where a machine on Google Cloud is, and where it speaks to."""

    project: str
    zone: str
    bucket: str
    topic_project: str
    topic: str
    #: One address behind which all of Google's APIs live; empty for their own.
    endpoint: str


@dataclass(frozen=True)
class RunnerSettings:
    holder_kind: HolderKind
    holder_id: str
    attempt: int
    machine: str
    bucket: str
    #: Where the spool is; from there events go wherever they are awaited.
    signals: Path
    work: Path
    python: str
    trainer_folder: Path
    deadline_at_ms: int
    ends_at_ms: int
    heartbeat_seconds: float
    log_cap_bytes: int
    #: From asking the trainer to stop until it is killed.
    grace_seconds: float
    #: None on this very host.
    google: GooglePlace | None

    @property
    def spool(self) -> Path:
        return self.signals / f"attempt-{self.attempt}"

    @property
    def trainer_verb(self) -> Literal["train", "predict"]:
        return "train" if self.holder_kind == "job" else "predict"


def read_settings(environment: Mapping[str, str]) -> RunnerSettings:
    def told(name: str) -> str:
        value = environment.get(name, "")
        if not value:
            raise SettingsError(f"{name} is not set.")
        return value

    def number(name: str, default: float | None = None, least: float = 0) -> float:
        text = environment.get(name) or (None if default is None else str(default))
        try:
            value = float(told(name) if text is None else text)
        except ValueError:
            raise SettingsError(f"{name} is {text!r}, not a number.") from None
        if not least <= value < float("inf"):
            raise SettingsError(f"{name} is {text!r}; it must be at least {least:g}.")
        return value

    kind = told("TRAINYARD_HOLDER_KIND")
    if kind not in ("job", "prediction"):
        raise SettingsError(f"TRAINYARD_HOLDER_KIND is {kind!r}, neither job nor prediction.")
    work = Path(told("TRAINYARD_WORK"))
    google = _google_place(told, environment)
    return RunnerSettings(
        holder_kind="job" if kind == "job" else "prediction",
        holder_id=told("TRAINYARD_HOLDER_ID"),
        attempt=int(number("TRAINYARD_ATTEMPT", least=1)),
        machine=told("TRAINYARD_MACHINE"),
        bucket=told("TRAINYARD_BUCKET"),
        signals=work / "signals" if google else _spool_folder(told("TRAINYARD_SIGNALS")),
        work=work,
        python=told("TRAINYARD_PYTHON"),
        trainer_folder=_trainer_folder(environment.get("TRAINYARD_TRAINER_FOLDER", "")),
        deadline_at_ms=int(number("TRAINYARD_DEADLINE_AT_MS")),
        ends_at_ms=int(number("TRAINYARD_ENDS_AT_MS")),
        heartbeat_seconds=number("TRAINYARD_HEARTBEAT_SECONDS", 10, least=0.05),
        log_cap_bytes=int(number("TRAINYARD_LOG_CAP_BYTES", _GIGABYTE)),
        grace_seconds=number("TRAINYARD_GRACE_SECONDS", 60),
        google=google,
    )


def folder_of(address: str) -> Path:
    """The folder that a `file:` or `spool:` address names."""
    path = unquote(urlsplit(address).path)
    if not path.startswith("/"):
        raise SettingsError(f"{address!r} names no folder: it needs three slashes, as in file:///folder.")
    return Path(path)


def _google_place(told: Callable[[str], str], environment: Mapping[str, str]) -> GooglePlace | None:
    cloud = environment.get("TRAINYARD_CLOUD") or "local"
    if cloud == "local":
        return None
    if cloud != "gcp":
        raise SettingsError(f"TRAINYARD_CLOUD is {cloud!r}; this runner knows local and gcp.")
    bucket, signals = urlsplit(told("TRAINYARD_BUCKET")), urlsplit(told("TRAINYARD_SIGNALS"))
    if bucket.scheme != "gs" or not bucket.netloc:
        raise SettingsError(f"TRAINYARD_BUCKET is {bucket.geturl()!r}; on this cloud it is gs://bucket.")
    topic = signals.path.strip("/")
    if signals.scheme != "pubsub" or not signals.netloc or not topic:
        raise SettingsError(f"TRAINYARD_SIGNALS is {signals.geturl()!r}; on this cloud it is pubsub://project/topic.")
    return GooglePlace(
        project=told("TRAINYARD_GCP_PROJECT"),
        zone=told("TRAINYARD_GCP_ZONE"),
        bucket=bucket.netloc,
        topic_project=signals.netloc,
        topic=topic,
        endpoint=environment.get("TRAINYARD_ENDPOINT", "").rstrip("/"),
    )


def _spool_folder(address: str) -> Path:
    if urlsplit(address).scheme != "spool":
        raise SettingsError(f"TRAINYARD_SIGNALS is {address!r}; here it is spool:///folder.")
    return folder_of(address)


def _trainer_folder(told: str) -> Path:
    """The folder of the package `trainer`: beside the runner unless told otherwise."""
    return Path(told) if told else Path(__file__).absolute().parent.parent / "trainer"
