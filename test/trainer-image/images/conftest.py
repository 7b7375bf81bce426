from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

HERE = Path(__file__).resolve().parent
for folder in (HERE.parent / "runner", HERE.parents[2] / "trainer-image"):
    if str(folder) not in sys.path:
        sys.path.insert(0, str(folder))

from google_server import GoogleServer  # noqa: E402


@pytest.fixture
def google() -> Iterator[GoogleServer]:
    server = GoogleServer()
    yield server
    server.close()
