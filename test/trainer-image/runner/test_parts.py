from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from runner.bucket import FolderBucket, open_bucket
from runner.control import Control
from runner.gpus import parse_gpus
from runner.journal import Journal
from runner.settings import SettingsError, folder_of
from runner.trainer_events import BadEvent, parse_trainer_event
from runner.watch import JumpClock


def parse(event: Any) -> dict[str, Any]:
    return parse_trainer_event(json.dumps(event).encode())


def test_fills_in_what_a_leaderboard_row_leaves_out() -> None:
    row = {"type": "leaderboard", "model": "A", "metric": "auc", "higherIsBetter": True, "validation": float("inf")}
    checked = parse({**row, "secret": 1})
    assert checked["validation"] is checked["secondsLeft"] is None
    assert checked["baseline"] is False
    assert "secret" not in checked


@pytest.mark.parametrize(
    "event",
    [
        {"type": "metric", "name": "a", "step": None, "value": 1},
        {"type": "metric", "name": "a", "step": True, "value": 1},
        {"type": "metric", "name": "a", "step": 1, "value": "1"},
        {"type": "progress", "fraction": 1},
        {"type": "failed", "failure": "no object"},
        {"type": "log", "text": "a"},
        {"type": ["metric"]},
        [],
        None,
    ],
)
def test_refuses_events_of_another_shape(event: Any) -> None:
    with pytest.raises(BadEvent):
        parse(event)


def test_refuses_json_that_is_too_deep() -> None:
    with pytest.raises(BadEvent):
        parse_trainer_event(b"[" * 200_000)


def test_sees_a_machine_that_slept_and_nothing_else() -> None:
    times = iter([100.0, 100.5, 101.2, 400.0, 400.5, 300.0])
    clock = JumpClock(wall=lambda: next(times), steps=0.5)
    assert [clock.tick() for _ in range(5)] == [None, None, pytest.approx(298.3), None, pytest.approx(-101.0)]


def test_reads_what_nvidia_smi_says() -> None:
    told = "NVIDIA H100, 80GB, 37, 1024, 81559\nTesla T4, [N/A], [N/A], 15360\nbroken\n"
    first, second = parse_gpus(told)
    assert first == {"name": "NVIDIA H100, 80GB", "percent": 37, "usedBytes": 1024**3, "totalBytes": 81559 * 1024**2}
    assert (second["percent"], second["usedBytes"]) == (None, None)


def test_an_input_is_a_copy_and_a_result_is_whole(tmp_path: Path) -> None:
    root = tmp_path / "bucket"
    (root / "input").mkdir(parents=True)
    (root / "input" / "a").write_text("first")
    (root / "input" / ".making-x").write_text("on its way")
    bucket = FolderBucket(root)
    assert bucket.list("input/") == ["input/a"]
    bucket.get("input/a", tmp_path / "work" / "a")
    (tmp_path / "work" / "a").write_text("changed")
    assert (root / "input" / "a").read_text() == "first"
    bucket.put("attempts/1/out/a", tmp_path / "work" / "a")
    bucket.put("attempts/1/out/a", tmp_path / "work" / "a")
    assert (root / "attempts/1/out/a").read_text() == "changed"
    assert [path.name for path in (root / "attempts/1/out").iterdir()] == ["a"]


@pytest.mark.parametrize(
    ("wishes", "stop", "deadline"),
    [
        ({"stop": False, "deadlineAtMs": 2_000}, False, 2_000),
        ({"stop": False, "deadlineAtMs": 500}, False, 1_000),
        ({"stop": "yes", "deadlineAtMs": "2000"}, False, 1_000),
        ({"stop": True, "deadlineAtMs": True}, True, 1_000),
        ({"deadlineAtMs": float("inf")}, False, 2**53),
        ([], False, 1_000),
    ],
)
def test_takes_only_wishes_that_make_sense(tmp_path: Path, wishes: Any, stop: bool, deadline: int) -> None:
    bucket, journal = FolderBucket(tmp_path), Journal(tmp_path / "spool", lambda _text: None)
    bucket.put_bytes("control/attempt-1.json", json.dumps(wishes).encode())
    control = Control(bucket, journal, attempt=1, deadline_at_ms=1_000)
    assert control.look() is ((stop, deadline) != (False, 1_000))
    assert (control.stop_asked, control.deadline_at_ms) == (stop, deadline)
    bucket.put_bytes("control/attempt-1.json", b'{"stop": false}')
    control.look()
    assert control.stop_asked is stop


def test_reads_a_wish_once_until_it_changes(tmp_path: Path) -> None:
    bucket = FolderBucket(tmp_path)
    assert bucket.read_if_changed("control/a.json", None) is None
    bucket.put_bytes("control/a.json", b"1")
    found = bucket.read_if_changed("control/a.json", None)
    assert found
    assert found[1] == "1"
    assert bucket.read_if_changed("control/a.json", found[0]) is None
    bucket.put_bytes("control/a.json", b"2")
    again = bucket.read_if_changed("control/a.json", found[0])
    assert again
    assert again[1] == "2"


def test_reads_addresses_and_names_those_it_does_not_know() -> None:
    assert folder_of("file:///a%20b/c") == Path("/a b/c")
    assert folder_of("spool:///a b/c") == Path("/a b/c")
    with pytest.raises(SettingsError, match="gs://"):
        open_bucket("gs://somewhere")
