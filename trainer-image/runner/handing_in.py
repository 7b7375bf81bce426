"""Takes inputs from the bucket, and hands in what the trainer and the runner leave."""

from __future__ import annotations

import errno
import json
from pathlib import Path
from typing import Any

from runner.bucket import Bucket
from runner.digest import digest_of
from runner.journal import Journal
from runner.trying import Trying


class Handing:
    def __init__(self, bucket: Bucket, journal: Journal, work: Path, attempt: int, trying: Trying) -> None:
        self._bucket = bucket
        self._journal = journal
        self._work = work
        self._attempt = attempt
        self._trying = trying
        self._segments_handed_in: set[str] = set()

    def fetch_inputs(self) -> int:
        names = self._trying("The inputs cannot be listed", self._list_inputs)
        for name in names:
            self._trying(f"{name} cannot be fetched", lambda name=name: self._bucket.get(name, self._work / name))
        return len(names)

    def _list_inputs(self) -> list[str]:
        names = self._bucket.list("input/")
        if "input/spec.json" not in names:
            raise FileNotFoundError(errno.ENOENT, "there is no input/spec.json in the bucket")
        return names

    def hand_in_results(self) -> None:
        """All that is in `out/`, then the list that makes it count."""
        out = self._work / "out"
        sums: dict[str, str] = {}
        for path in sorted(out.rglob("*")):
            name = path.relative_to(out).as_posix()
            if path.is_symlink() or any(part.startswith(".") for part in name.split("/")):
                # A link could lead out of the folder, to what is not the trainer's to give.
                self._journal.remark(f"out/{name} is left here: links and hidden files are not handed in.")
            elif path.is_file():
                sums[name] = self._trying(f"out/{name} cannot be uploaded", lambda p=path, n=name: self._put(p, n))
        done = json.dumps({"files": sums}, indent=1).encode()
        self._trying("done.json cannot be uploaded", lambda: self._bucket.put_bytes(self._name("done.json"), done))

    def results_handed_in(self) -> dict[str, Any] | None:
        """What an earlier runner of this attempt has handed in completely."""
        found = self._trying(
            "done.json cannot be read", lambda: self._bucket.read_if_changed(self._name("done.json"), None)
        )
        try:
            done = json.loads(found[1]) if found else None
        except ValueError:
            return None
        files = done.get("files") if isinstance(done, dict) else None
        return files if isinstance(files, dict) else None

    def hand_in_spool(self, segments: list[Path]) -> None:
        """All but the newest are closed for good; that one is still written to and goes again each time, as a copy."""
        for path in segments:
            name = self._name(f"spool/{path.name}")
            if path == segments[-1]:
                self._trying(
                    f"{name} cannot be uploaded", lambda p=path, n=name: self._bucket.put_bytes(n, p.read_bytes())
                )
            elif name not in self._segments_handed_in:
                self._trying(f"{name} cannot be uploaded", lambda p=path, n=name: self._bucket.put(n, p))
                self._segments_handed_in.add(name)

    def _put(self, path: Path, name: str) -> str:
        self._bucket.put(self._name(f"out/{name}"), path)
        return digest_of(path)

    def _name(self, name: str) -> str:
        return f"attempts/{self._attempt}/{name}"
