"""What a report says of the data: its sum, however large it is, without holding it."""

from __future__ import annotations

import hashlib
import tracemalloc
from collections.abc import Callable
from pathlib import Path

import pytest
from tables import iris
from trainer_bench import Run, Yard

from trainer.report.data_sum import DataSum

Here = Callable[[Yard], Run]
QUICK = {"algorithm": "linear"}


def test_the_sum_is_that_of_the_file(yard: Yard, here: Here):
    run = here(yard.ask(iris(), "species", "multiclass", settings=QUICK))
    expected = hashlib.sha256((yard.work / "input" / "data.parquet").read_bytes()).hexdigest()
    assert run.report["data"]["sha256"] == expected and expected in (run.out / "report.html").read_text("utf-8")


def test_more_than_half_a_gigabyte_is_summed_in_little_memory(tmp_path: Path):
    path = tmp_path / "large"
    with path.open("wb") as file:
        file.truncate(600 << 20)  # takes no room on the disk
    tracemalloc.start()
    found = DataSum(path).start().within(60)
    _, most = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    digest = hashlib.sha256()
    for _ in range(600):
        digest.update(bytes(1 << 20))
    assert found == digest.hexdigest()
    assert most < 16 << 20


def test_a_sum_that_is_not_ready_is_named_among_what_is_left_out(
    yard: Yard, here: Here, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(DataSum, "_count", lambda self: None)
    run = here(yard.ask(iris(), "species", "multiclass", settings=QUICK))
    assert run.code == 0 and run.report["data"]["sha256"] is None
    assert run.report["budget"]["leftOut"] == [
        {"part": "SHA-256 of the data", "reason": "there was no time left for it"}
    ]


def test_data_that_is_gone_by_then_is_no_reason_to_lose_a_model(tmp_path: Path):
    summed = DataSum(tmp_path / "nothing").start()
    assert summed.within(5) is None and "could not be read again" in summed.why
