from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from runner.bucket import FolderBucket
from runner.control import Control
from runner.gpus import parse_gpus
from runner.journal import Journal
from runner.settings import SettingsError, folder_of, read_settings
from runner.trainer_events import BadEvent, parse_trainer_event
from runner.watch import JumpClock


def parse(event: Any) -> dict[str, Any]:
    return parse_trainer_event(json.dumps(event).encode())


def test_fills_in_what_a_leaderboard_row_leaves_out() -> None:
    row = {"type": "leaderboard", "model": "A", "metric": "auc", "higherIsBetter": True, "validation": float("inf")}
    checked = parse({**row, "low": 0.9, "secret": 1})
    assert (checked["interval"], checked["low"], checked["high"]) == (None, 0.9, None)
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


GOOGLE = {
    "TRAINYARD_HOLDER_KIND": "job",
    "TRAINYARD_HOLDER_ID": "5d9e2f2c-0000-4000-8000-000000000001",
    "TRAINYARD_ATTEMPT": "1",
    "TRAINYARD_MACHINE": "ty-m",
    "TRAINYARD_CLOUD": "gcp",
    "TRAINYARD_GCP_PROJECT": "yard",
    "TRAINYARD_GCP_ZONE": "europe-west4-a",
    "TRAINYARD_BUCKET": "gs://a-bucket",
    "TRAINYARD_SIGNALS": "pubsub://other/a-topic",
    "TRAINYARD_WORK": "/work",
    "TRAINYARD_PYTHON": "python3",
    "TRAINYARD_DEADLINE_AT_MS": "1",
    "TRAINYARD_ENDS_AT_MS": "2",
}


def test_on_a_cloud_the_spool_is_in_the_work_folder_and_events_go_to_the_topic() -> None:
    settings = read_settings(GOOGLE)
    assert settings.spool == Path("/work/signals/attempt-1")
    assert settings.google is not None
    assert (settings.google.bucket, settings.google.topic_project, settings.google.topic) == (
        "a-bucket",
        "other",
        "a-topic",
    )


@pytest.mark.parametrize(
    ("name", "value", "says"),
    [
        ("TRAINYARD_BUCKET", "file:///tmp", "gs://bucket"),
        ("TRAINYARD_BUCKET", "gs:///object", "gs://bucket"),
        ("TRAINYARD_SIGNALS", "pubsub://project", "pubsub://project/topic"),
        ("TRAINYARD_CLOUD", "mars", "local and gcp"),
        ("TRAINYARD_CLOUD", "", "spool:///folder"),
        ("TRAINYARD_GCP_ZONE", "", "TRAINYARD_GCP_ZONE is not set"),
    ],
)
def test_an_address_that_the_cloud_does_not_have_is_refused_with_one_that_it_has(
    name: str, value: str, says: str
) -> None:
    with pytest.raises(SettingsError, match=says):
        read_settings({**GOOGLE, name: value})
