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
HAS_AUTOGLUON = importlib.util.find_spec("autogluon") is not None
HAS_TORCH = importlib.util.find_spec("torch") is not None


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", "autogluon: needs the environment of the autogluon engine")
    config.addinivalue_line("markers", "torch: needs the environment of the torch engine")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    absent = pytest.mark.skip(reason="this Python is not the environment of the autogluon engine")
    for item in items:
        if item.get_closest_marker("autogluon") and not HAS_AUTOGLUON:
            item.add_marker(absent)
        if item.get_closest_marker("torch") and not HAS_TORCH:
            item.add_marker(pytest.mark.skip(reason="this Python is not the environment of the torch engine"))


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
