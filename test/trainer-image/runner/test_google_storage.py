"""A job's bucket in Cloud Storage, over a network that is not always there."""

from __future__ import annotations

import base64
import os
from pathlib import Path

import pytest
from google_server import Fault, GoogleServer

from runner.google import storage
from runner.google.calls import BrokenOff, Calls, Passing, Refused
from runner.google.checksums import crc32c, crc32c_of_file
from runner.google.metadata import MachineTokens, MetadataServer
from runner.google.storage import GoogleBucket


def calls_to(google: GoogleServer, patience: float = 5.0, told_to_end: bool = False) -> Calls:
    return Calls(MachineTokens(MetadataServer(google.host)), lambda: told_to_end, patience, 10.0)


@pytest.fixture
def bucket(google: GoogleServer) -> GoogleBucket:
    return GoogleBucket("job-bucket", calls_to(google), google.endpoint)


@pytest.fixture
def large(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Large enough for three parts."""
    monkeypatch.setattr(storage, "_ONE_CALL_BYTES", 1024 * 1024)
    monkeypatch.setattr(storage, "_PART_BYTES", 1024 * 1024)
    path = tmp_path / "large"
    path.write_bytes(os.urandom(2_500_000))
    return path


def test_lists_every_page_and_brings_what_was_put(google: GoogleServer, bucket: GoogleBucket, tmp_path: Path) -> None:
    names = [f"input/part {number}/ü.json" for number in range(8)]
    for name in names:
        bucket.put_bytes(name, name.encode())
    bucket.put_bytes("control/attempt-1.json", b"{}")
    google.world.put("input/made-by-hand/", b"")
    assert bucket.list("input/") == names
    bucket.get(names[3], tmp_path / "deep" / "file")
    assert (tmp_path / "deep" / "file").read_text() == names[3]
    bucket.remove(names[3])
    bucket.remove(names[3])
    assert len(bucket.list("input/")) == 7
    with pytest.raises(FileNotFoundError):
        bucket.get(names[3], tmp_path / "file")
    assert list(tmp_path.rglob(".making-*")) == []


def test_a_download_that_breaks_off_goes_on_where_it_was(
    google: GoogleServer, bucket: GoogleBucket, large: Path, tmp_path: Path
) -> None:
    google.world.put("a", large.read_bytes())
    google.world.faults = [Fault("GET .*alt=media", times=3, cut=True)]
    bucket.get("a", tmp_path / "a")
    assert (tmp_path / "a").read_bytes() == large.read_bytes()
    assert google.world.times("alt=media") == 4
    assert google.world.bytes_served < 1.01 * large.stat().st_size


def test_an_object_that_is_replaced_while_it_is_fetched_comes_whole(
    google: GoogleServer, bucket: GoogleBucket, large: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    google.world.put("a", b"x" * 2_600_000)
    google.world.faults = [Fault("GET .*alt=media", cut=True)]
    monkeypatch.setattr(bucket._calls, "pause", lambda *_: google.world.put("a", large.read_bytes()))
    bucket.get("a", tmp_path / "a")
    assert (tmp_path / "a").read_bytes() == large.read_bytes()


@pytest.mark.parametrize("md5", [True, False])
def test_what_comes_altered_is_not_taken(
    google: GoogleServer, bucket: GoogleBucket, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, md5: bool
) -> None:
    """Without an MD5 it is an object that was put together from parts, which has a CRC-32C alone."""
    stored = google.world.put("a", b"as it was put", md5)
    right = {"size": "13", "generation": str(stored.generation)}
    summed = tmp_path / "summed"
    summed.write_bytes(b"as it was put")
    sums = {"md5Hash": "1B2M2Y8AsgTpgAmY7PhCfg=="} if md5 else {"crc32c": crc32c_of_file(summed)}
    facts = {**right, **sums}
    if not md5:
        monkeypatch.setattr(bucket, "_facts", lambda _name: facts)
        bucket.get("a", tmp_path / "a")
        facts["crc32c"] = "AAAAAA=="
    monkeypatch.setattr(bucket, "_facts", lambda _name: facts)
    monkeypatch.setattr(bucket._calls, "pause", lambda *_: None)
    with pytest.raises(Passing, match="altered"):
        bucket.get("a", tmp_path / "other")
    assert not (tmp_path / "other").exists()


def test_knows_the_checksum_of_castagnoli() -> None:
    assert crc32c(b"123456789") == 0xE3069283
    assert crc32c(b"6789", crc32c(b"12345")) == 0xE3069283
    assert base64.b64encode(crc32c(b"").to_bytes(4, "big")) == b"AAAAAA=="


@pytest.mark.parametrize(
    "faults",
    [
        [],
        [Fault("PUT .*upload_id", times=2, status=503)],
        [Fault("PUT .*upload_id", times=2, lost=True)],
        [Fault("PUT .*upload_id", lost=True), Fault("PUT .*upload_id", status=410)],
        [Fault("POST .*resumable", status=429)],
    ],
    ids=["whole", "refused for a moment", "answer lost", "session lost", "not begun at once"],
)
def test_a_large_file_arrives_whole_whatever_happens_on_its_way(
    google: GoogleServer, bucket: GoogleBucket, large: Path, faults: list[Fault]
) -> None:
    google.world.faults = faults
    bucket.put("out/model.zip", large)
    assert google.world.objects["out/model.zip"].data == large.read_bytes()


def test_a_part_that_arrived_is_not_sent_again(google: GoogleServer, bucket: GoogleBucket, large: Path) -> None:
    google.world.faults = [Fault("PUT .*upload_id", lost=True)]
    bucket.put("a", large)
    # Three parts and one question: how much of it is there?
    assert google.world.times("PUT .*upload_id") == 4


def test_no_bucket_is_not_tried_for_long(google: GoogleServer, large: Path) -> None:
    gone = GoogleBucket("removed", calls_to(google), google.endpoint)
    with pytest.raises(FileNotFoundError):
        gone.put("a", large)
    with pytest.raises(FileNotFoundError):
        gone.put_bytes("a", b"")
    assert google.world.times("upload") == 2


def test_tells_of_a_change_once(google: GoogleServer, bucket: GoogleBucket) -> None:
    assert bucket.read_if_changed("control.json", None) is None
    google.world.put("control.json", b"one")
    found = bucket.read_if_changed("control.json", None)
    assert found and found[1] == "one"
    assert bucket.read_if_changed("control.json", found[0]) is None
    google.world.put("control.json", b"two")
    again = bucket.read_if_changed("control.json", found[0])
    assert again and again[1] == "two" and again[0] != found[0]


@pytest.mark.parametrize("status", [408, 429, 500, 503])
def test_passing_troubles_are_waited_out(google: GoogleServer, bucket: GoogleBucket, status: int) -> None:
    google.world.faults = [Fault("GET /storage", times=2, status=status)]
    assert bucket.list("input/") == []


def test_troubles_that_do_not_pass_are_told_of_at_once_and_in_googles_words(
    google: GoogleServer, bucket: GoogleBucket
) -> None:
    google.world.faults = [Fault("GET /storage", times=9, status=403)]
    with pytest.raises(Refused, match=r"answers 403: told to misbehave") as refused:
        bucket.list("input/")
    assert refused.value.status == 403
    assert google.world.times("GET /storage") == 1


def test_gives_up_when_its_patience_is_at_its_end(google: GoogleServer) -> None:
    google.world.faults = [Fault("GET /storage", times=99, status=503)]
    with pytest.raises(Passing, match="503"):
        GoogleBucket("job-bucket", calls_to(google, patience=1.0), google.endpoint).list("")
    assert 2 <= google.world.times("GET /storage") < 9


def test_tries_nothing_again_when_the_machine_is_told_to_end(google: GoogleServer) -> None:
    google.world.faults = [Fault("GET /storage", times=99, status=503)]
    with pytest.raises(BrokenOff):
        GoogleBucket("job-bucket", calls_to(google, patience=60.0, told_to_end=True), google.endpoint).list("")
    assert google.world.times("GET /storage") == 1


def test_a_connection_that_the_server_closed_is_opened_again(google: GoogleServer, bucket: GoogleBucket) -> None:
    bucket.list("")
    google.world.faults = [Fault("GET /storage", lost=True)]
    assert bucket.list("") == []


def test_a_token_is_asked_for_once_and_anew_when_it_is_not_taken(google: GoogleServer, bucket: GoogleBucket) -> None:
    bucket.list("")
    bucket.list("")
    assert google.world.tokens_given == 1
    google.world.refused_tokens.add("token-1")
    assert bucket.list("") == []
    assert google.world.tokens_given == 2


def test_a_token_is_renewed_before_it_expires(google: GoogleServer) -> None:
    google.world.token_lasts = 0.2
    tokens = MachineTokens(MetadataServer(google.host))
    assert tokens.get() == "token-1"
    tokens._renew_at = 0.0
    google.world.faults = [Fault("token", status=503)]
    tokens._expires_at = float("inf")
    assert tokens.get() == "token-1", "the old one while the server gives no new one"
    assert tokens.get() == "token-2"


def test_a_machine_without_a_service_account_says_so(google: GoogleServer, bucket: GoogleBucket) -> None:
    google.world.faults = [Fault("token", times=9, status=404)]
    with pytest.raises(Refused, match="no service account"):
        bucket.list("")
