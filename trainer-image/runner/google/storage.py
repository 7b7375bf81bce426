"""A job's bucket in Cloud Storage, by its JSON API."""

from __future__ import annotations

import contextlib
import json
import uuid
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlencode

from runner.bucket import MAKING_PREFIX, Version
from runner.google.calls import Answer, Calls, Passing
from runner.google.checksums import crc32c_of_file, md5_of, md5_of_file

_READ_BYTES = 1024 * 1024
#: A file of up to this goes in one call, so that small ones cost one round trip.
_ONE_CALL_BYTES = 4 * 1024 * 1024
#: Of a larger one each call takes this much (a multiple of 256 KiB): what a broken call costs, and what is in memory.
_PART_BYTES = 8 * 1024 * 1024
_RESUME = 308
#: How often a transfer that makes no headway is begun again or continued.
_TRIES_WITHOUT_HEADWAY = 5


class GoogleBucket:
    #: A look at it costs a round trip and a fraction of a cent.
    is_far = True

    def __init__(self, name: str, calls: Calls, base: str = "https://storage.googleapis.com") -> None:
        self._calls = calls
        self._objects = f"{base}/storage/v1/b/{quote(name, safe='')}/o"
        self._uploads = f"{base}/upload/storage/v1/b/{quote(name, safe='')}/o"

    def list(self, prefix: str) -> list[str]:
        names: list[str] = []
        page = ""
        while True:
            query = {"prefix": prefix, "fields": "items(name),nextPageToken", **({"pageToken": page} if page else {})}
            told = self._calls.call("GET", f"{self._objects}?{urlencode(query)}").json()
            names += [str(item["name"]) for item in told.get("items", [])]
            page = told.get("nextPageToken") or ""
            if not page:
                # A name that ends with a slash is a folder that somebody made by hand.
                return sorted(name for name in names if not name.endswith("/"))

    def get(self, name: str, to: Path) -> None:
        to.parent.mkdir(parents=True, exist_ok=True)
        beside = to.with_name(f"{MAKING_PREFIX}{uuid.uuid4()}")
        try:
            self._download(name, beside)
            beside.replace(to)
        finally:
            beside.unlink(missing_ok=True)

    def put(self, name: str, source: Path) -> None:
        # Told beforehand, so that the server itself refuses what was altered on its way: no wrong object ever appears.
        sums = {"md5Hash": md5_of_file(source)}
        if source.stat().st_size <= _ONE_CALL_BYTES:
            self._put_in_one_call(name, source.read_bytes(), sums)
        else:
            self._put_in_parts(name, source, sums)

    def put_bytes(self, name: str, data: bytes) -> None:
        self._put_in_one_call(name, data, {"md5Hash": md5_of(data)})

    def remove(self, name: str) -> None:
        with contextlib.suppress(FileNotFoundError):
            self._calls.call("DELETE", self._address(name))

    def read_if_changed(self, name: str, seen: Version | None) -> tuple[Version, str] | None:
        try:
            facts = self._facts(name)
            version = (int(facts.get("generation", 0)), int(facts.get("metageneration", 0)))
            if version == seen:
                return None
            answer = self._calls.call("GET", f"{self._address(name)}?alt=media")
        except FileNotFoundError:
            return None
        read = answer.headers.get("x-goog-generation")
        if read is not None and read != str(version[0]):
            # Replaced since it was looked at: this is the newer one, and the next look tells whether it is the newest.
            version = (int(read), int(answer.headers.get("x-goog-metageneration") or 1))
        elif facts.get("md5Hash") and md5_of(answer.body) != facts["md5Hash"]:
            raise Passing(f"{name} came altered")
        return version, answer.body.decode("utf-8", "replace")

    def _address(self, name: str) -> str:
        return f"{self._objects}/{quote(name, safe='')}"

    def _facts(self, name: str) -> dict[str, Any]:
        fields = "generation,metageneration,size,md5Hash,crc32c"
        return self._calls.call("GET", f"{self._address(name)}?{urlencode({'fields': fields})}").json()

    def _download(self, name: str, beside: Path) -> None:
        facts: dict[str, Any] = {}
        tries, trouble = 0, OSError(f"{name} cannot be fetched")
        beside.touch()
        while tries < _TRIES_WITHOUT_HEADWAY:
            if not facts:
                facts = self._facts(name)
            size, had = int(facts["size"]), beside.stat().st_size
            try:
                if had < size and not self._continue(name, beside, facts):
                    facts = {}  # another object has taken its place
                    beside.write_bytes(b"")
                if facts and _is_whole(beside, facts):
                    return
                if facts and beside.stat().st_size >= size:
                    beside.write_bytes(b"")
                    raise Passing(f"{name} came altered: its checksum is not that of the bucket")
            except Passing as error:
                trouble = error
                tries = 0 if beside.stat().st_size > had else tries + 1
                self._calls.pause(0.2 * 2**tries, trouble)
        raise trouble

    def _continue(self, name: str, beside: Path, facts: dict[str, Any]) -> bool:
        """Appends what is missing; False when it is not the same object any more."""
        had = beside.stat().st_size
        headers = {"Range": f"bytes={had}-"} if had else {}
        with self._calls.open("GET", f"{self._address(name)}?alt=media", headers=headers, fine=(200, 206)) as answer:
            generation = answer.headers.get("x-goog-generation")
            if generation is not None and generation != str(facts["generation"]):
                return False
            with beside.open("ab") as file:
                if answer.status == 200:
                    file.truncate(0)  # all of it, though a part was asked for
                while chunk := answer.read(_READ_BYTES):
                    file.write(chunk)
        if beside.stat().st_size < int(facts["size"]):
            raise Passing(f"{name} broke off after {beside.stat().st_size:,} of {int(facts['size']):,} bytes")
        return True

    def _put_in_one_call(self, name: str, data: bytes, sums: dict[str, str]) -> None:
        mark = uuid.uuid4().hex
        facts = json.dumps({"name": name, **sums}).encode()
        body = b"".join(
            (
                f"--{mark}\r\nContent-Type: application/json; charset=UTF-8\r\n\r\n".encode() + facts,
                f"\r\n--{mark}\r\nContent-Type: application/octet-stream\r\n\r\n".encode() + data,
                f"\r\n--{mark}--\r\n".encode(),
            )
        )
        headers = {"Content-Type": f"multipart/related; boundary={mark}"}
        self._check(self._calls.call("POST", f"{self._uploads}?uploadType=multipart", body, headers), name, sums)

    def _put_in_parts(self, name: str, source: Path, sums: dict[str, str]) -> None:
        size = source.stat().st_size
        tries, session, sent = 0, "", 0
        while True:
            try:
                session = session or self._begin(name, size, sums)
                answer, sent_now = self._send_part(session, source, sent, size)
            except (Passing, FileNotFoundError) as error:
                tries += 1
                if tries >= _TRIES_WITHOUT_HEADWAY or (not session and isinstance(error, FileNotFoundError)):
                    raise
                self._calls.pause(0.2 * 2**tries, error)
                answer, sent_now = self._ask_how_far(session, size)
                if answer is None and sent_now < 0:
                    session, sent = "", 0  # the server has forgotten it
                    continue
            if answer is not None:
                self._check(answer, name, sums)
                return
            tries = 0 if sent_now > sent else tries
            sent = sent_now

    def _begin(self, name: str, size: int, sums: dict[str, str]) -> str:
        query = urlencode({"uploadType": "resumable", "name": name})
        headers = {
            "Content-Type": "application/json; charset=UTF-8",
            "X-Upload-Content-Type": "application/octet-stream",
            "X-Upload-Content-Length": str(size),
        }
        body = json.dumps({"name": name, **sums}).encode()
        session = self._calls.call("POST", f"{self._uploads}?{query}", body, headers).headers.get("location")
        if not session:
            raise Passing(f"The upload of {name} was begun without an address to send it to")
        return session

    def _send_part(self, session: str, source: Path, begin: int, size: int) -> tuple[Answer | None, int]:
        """The answer when all is there, else how much is."""
        with source.open("rb") as file:
            file.seek(begin)
            data = file.read(_PART_BYTES)
        headers = {"Content-Range": f"bytes {begin}-{begin + len(data) - 1}/{size}"}
        # Whether a part arrived is asked, not guessed: sent twice it would not join on to what is there.
        fine = (200, 201, _RESUME)
        with self._calls.open("PUT", session, data, headers, fine=fine, repeatable=False) as answer:
            return self._progress(answer.status, answer.headers, answer.read())

    def _ask_how_far(self, session: str, size: int) -> tuple[Answer | None, int]:
        """Less than nothing when the upload has to be begun again."""
        if not session:
            return None, -1
        headers = {"Content-Range": f"bytes */{size}"}
        try:
            answer = self._calls.call("PUT", session, b"", headers, fine=(200, 201, _RESUME))
        except FileNotFoundError:
            return None, -1
        return self._progress(answer.status, answer.headers, answer.body)

    def _progress(self, status: int, headers: dict[str, str], body: bytes) -> tuple[Answer | None, int]:
        if status != _RESUME:
            return Answer(status, headers, body), -1
        kept = headers.get("range", "").rpartition("-")[2]
        return None, int(kept) + 1 if kept.isdigit() else 0

    def _check(self, answer: Answer, name: str, sums: dict[str, str]) -> None:
        told = answer.json().get("md5Hash")
        if told and told != sums["md5Hash"]:
            self.remove(name)
            raise Passing(f"{name} arrived altered and was removed again")


def _is_whole(path: Path, facts: dict[str, Any]) -> bool:
    if path.stat().st_size != int(facts["size"]):
        return False
    if facts.get("md5Hash"):
        return md5_of_file(path) == facts["md5Hash"]
    return not facts.get("crc32c") or crc32c_of_file(path) == facts["crc32c"]
