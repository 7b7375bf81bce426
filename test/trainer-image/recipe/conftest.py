"""Cases that Node makes once: tables, recipes, their SQL, and what Node's own data engine came to."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parents[2] / "trainer-image"))

Case = dict[str, Any]


@pytest.fixture(scope="session")
def cases(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Case]:
    node = shutil.which("node")
    assert node, "Node is not on the path: start the tests with ./x test."
    folder = tmp_path_factory.mktemp("cases")
    done = subprocess.run(
        [node, str(HERE / "write-cases.ts"), str(folder)], capture_output=True, text=True, timeout=120, check=False
    )
    assert done.returncode == 0, done.stderr
    return json.loads((folder / "cases.json").read_text("utf-8"))
