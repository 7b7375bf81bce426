from __future__ import annotations

import threading
import time
from pathlib import Path

import pytest
from runner_bench import eventually

from runner import journal as journal_module
from runner import spool as spool_module
from runner.journal import Journal
from runner.spool import decode


def texts(folder: Path) -> list[str]:
    lines = [line for path in sorted(folder.glob("*.jsonl")) for line in path.read_bytes().splitlines(keepends=True)]
    return [event["text"] for line in lines if (event := decode(line)) and event.get("stream") == "out"]


def test_whoever_reads_the_trainer_waits_while_the_spool_cannot_be_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(spool_module, "SEGMENT_BYTES", 1_000)
    monkeypatch.setattr(journal_module, "_PENDING_LIMIT_BYTES", 50_000)
    folder, elsewhere = tmp_path / "spool", tmp_path / "elsewhere"
    said: list[str] = []
    journal = Journal(folder, said.append)
    put = 0

    def print_lines() -> None:
        nonlocal put
        for number in range(2_000):
            journal.lines("out", [f"line {number}"])
            put += 1

    folder.rename(elsewhere)  # the next segment has no place
    reader = threading.Thread(target=print_lines)
    reader.start()
    eventually(lambda: journal.is_troubled, "the trouble")
    eventually(lambda: put > 300, "the waiting")
    time.sleep(0.2)
    assert put < 600
    journal.measure({"type": "heartbeat"})
    journal.remark("never waits")
    elsewhere.rename(folder)
    reader.join(10)
    journal.settle()
    journal.end({"type": "finished"})
    journal.remark("too late")
    journal.settle()
    assert texts(folder) == [f"line {number}" for number in range(2_000)]
    events = [decode(line) for path in sorted(folder.glob("*")) for line in path.read_bytes().splitlines(keepends=True)]
    assert [event["seq"] for event in events if event] == list(range(1, len(events) + 1))
    assert events[-1]
    assert events[-1]["type"] == "finished"
    assert [event["type"] for event in events if event and event["type"] != "log"] == ["finished"]
    assert any("the trainer waits" in line for line in said)
