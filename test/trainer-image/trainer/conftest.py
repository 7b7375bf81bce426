"""Fixtures of the trainer's tests."""

from __future__ import annotations

import importlib.util
import json
import os
import signal
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from trainer_bench import TRAINER_IMAGE, Run, Yard

sys.path.insert(0, str(TRAINER_IMAGE))
os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")  # as the supervisor does, for what is trained in this process
#: Engines but the small one have an environment of their own: their tests run in that alone.
APART = sorted({path.parent.name for path in TRAINER_IMAGE.glob("trainer/engines/*/__init__.py")} - {"sklearn"})
_PRESENT = [engine for engine in APART if importlib.util.find_spec(engine) is not None]
#: Most files read data sets of scikit-learn at their head; where it is not, only those that name its engine are read.
collect_ignore = [
    path.name
    for path in Path(__file__).parent.glob("test_*.py")
    if importlib.util.find_spec("sklearn") is None
    and not any(f"mark.{engine}" in path.read_text("utf-8") for engine in _PRESENT)
]


def pytest_configure(config: pytest.Config) -> None:
    for engine in APART:
        config.addinivalue_line("markers", f"{engine}: needs the environment of the {engine} engine")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    absent = [engine for engine in APART if engine not in _PRESENT]
    for item in items:
        for engine in absent:
            if item.get_closest_marker(engine):
                item.add_marker(pytest.mark.skip(reason=f"this Python is not the environment of the {engine} engine"))


@pytest.fixture
def yard(tmp_path: Path) -> Yard:
    return Yard(tmp_path)


@pytest.fixture(scope="module")
def shared_yard(tmp_path_factory: pytest.TempPathFactory) -> Yard:
    return Yard(tmp_path_factory.mktemp("yard"))


@pytest.fixture
def here(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[Callable[[Yard], Run]]:
    """Trains in this very process: for the many small cases where starting one would be all the work."""
    kept = {number: signal.getsignal(number) for number in (signal.SIGTERM, signal.SIGALRM)}

    def train(asked: Yard) -> Run:
        from trainer.training import Training
        from trainer.worker import reported

        (asked.work / "spec.json").write_text(json.dumps(asked.spec), "utf-8")
        heard = asked.work / "events.jsonl"
        with heard.open("wb") as file:
            monkeypatch.setenv("TRAINYARD_EVENTS_FD", str(file.fileno()))
            out = asked.work / "out"
            out.mkdir(exist_ok=True)
            code = reported(lambda: Training(asked.work / "spec.json", asked.work, out, tmp_path / "scratch").run())
        events = [json.loads(line) for line in heard.read_text("utf-8").splitlines()]
        return Run(code, out, events, "")

    yield train
    for number, handler in kept.items():
        signal.signal(number, handler)
