"""A model's archive: made, sealed with a signature, checked file by file and unpacked. Standard library only."""

from __future__ import annotations

import hashlib
import json
import shutil
import zipfile
import zlib
from pathlib import Path, PurePosixPath
from typing import IO, Any

from trainer.failures import EXIT_DONE, TrainerFailure
from trainer.files import written_whole

MANIFEST = "manifest.json"
SIGNATURE = "signature.json"
#: Every archive of the same files has the same bytes: no clock in it.
_WHEN = (2020, 1, 1, 0, 0, 0)
_CHUNK = 1 << 20
#: Pickled trees shrink several times at the lowest level; higher levels cost seconds for a few percent.
_LEVEL = 1
#: What a model unpacks to at most, however small its archive looks: so much, or so many times the archive.
_LARGEST_ANYWAY = 4 << 30
_MOST_TIMES = 100
_LARGEST_MANIFEST = 64 << 20
#: Whatever an archive that is cut, altered or made by hand can raise while it is read.
_BROKEN = (
    OSError, EOFError, zipfile.BadZipFile, zlib.error, KeyError, ValueError, TypeError, AttributeError,
    NotImplementedError, RuntimeError,
)  # fmt: skip


def pack(folder: Path, archive: Path) -> str:
    """Zips `folder` with a manifest of every file in it; gives back the manifest's text."""
    names = sorted(p.relative_to(folder).as_posix() for p in folder.rglob("*") if p.is_file())
    listed: dict[str, str] = {}
    with written_whole(archive) as beside, zipfile.ZipFile(beside, "w") as zipped:
        for name in names:
            with (folder / name).open("rb") as source, zipped.open(_entry(name), "w", force_zip64=True) as target:
                listed[name] = _copied(source, target)
        manifest = json.dumps({"version": 1, "files": listed}, indent=1, ensure_ascii=False) + "\n"
        zipped.writestr(_entry(MANIFEST), manifest)
    return manifest


def _copied(source: IO[bytes], target: IO[bytes]) -> str:
    digest = hashlib.sha256()
    while chunk := source.read(_CHUNK):
        digest.update(chunk)
        target.write(chunk)
    return digest.hexdigest()


def _entry(name: str) -> zipfile.ZipInfo:
    entry = zipfile.ZipInfo(name, _WHEN)
    entry.compress_type = zipfile.ZIP_DEFLATED
    entry.external_attr = 0o644 << 16
    entry._compresslevel = _LEVEL  # type: ignore[attr-defined]  # pyright: ignore[reportAttributeAccessIssue]
    return entry


def seal(archive: Path, signature: Path) -> int:
    """Puts the signature beside the manifest in the archive; a second time it takes the place of the first."""
    text = signature.read_text("utf-8")
    try:
        with zipfile.ZipFile(archive) as zipped:
            names = zipped.namelist()
    except (OSError, zipfile.BadZipFile) as error:
        raise TrainerFailure("BadData", f"{archive.name} is not a model's archive: {error}.") from error
    if MANIFEST not in names:
        raise TrainerFailure("BadData", f"{archive.name} is not a model's archive: it has no {MANIFEST}.")
    with written_whole(archive) as beside:
        if SIGNATURE in names:
            try:
                _copy_without(archive, beside, SIGNATURE)
            except (zipfile.BadZipFile, zlib.error, EOFError) as error:
                raise TrainerFailure("BadData", f"{archive.name} is not a model's archive: {error}.") from error
        else:
            shutil.copyfile(archive, beside)
        with zipfile.ZipFile(beside, "a") as zipped:
            zipped.writestr(_entry(SIGNATURE), text)
    return EXIT_DONE


def _copy_without(archive: Path, to: Path, left_out: str) -> None:
    with zipfile.ZipFile(archive) as source, zipfile.ZipFile(to, "w") as target:
        for info in source.infolist():
            if info.filename != left_out:
                with source.open(info) as one, target.open(_entry(info.filename), "w", force_zip64=True) as other:
                    shutil.copyfileobj(one, other, _CHUNK)


def unpack(archive: Path, folder: Path) -> dict[str, Any]:
    """Checks every file against the manifest while unpacking; nothing of an altered archive is ever loaded."""
    folder.mkdir(parents=True, exist_ok=True)
    try:
        with zipfile.ZipFile(archive) as zipped:
            _require_bounded(archive, zipped, folder)
            with zipped.open(MANIFEST) as source:
                # In one go, read() would unpack all there is before it looks at what was declared.
                listed = json.loads(source.read(_LARGEST_MANIFEST))["files"]
            _require_same_names(archive, zipped.namelist(), listed)
            for name, expected in listed.items():
                if _unpack_one(zipped, name, folder) != expected:
                    raise TrainerFailure(
                        "ModelNotTrusted",
                        f"In {archive.name}, the file {name} is not what it was when the model was made. "
                        "Take the archive from where it was made again.",
                    )
    except _BROKEN as error:
        raise TrainerFailure(
            "ModelNotTrusted",
            f"{archive.name} is not a whole model's archive: {error}. Take it again from where it was made.",
        ) from error
    return listed


def _require_bounded(archive: Path, zipped: zipfile.ZipFile, folder: Path) -> None:
    """By what the archive says of itself: no more than that is ever unpacked of any file."""
    whole = sum(info.file_size for info in zipped.infolist())
    most = max(_LARGEST_ANYWAY, _MOST_TIMES * archive.stat().st_size)
    if whole > most or zipped.getinfo(MANIFEST).file_size > _LARGEST_MANIFEST:
        raise TrainerFailure(
            "ModelNotTrusted",
            f"{archive.name} would unpack to {whole >> 20} MB, far more than a model of its size holds. "
            "Take it again from where it was made.",
        )
    free = shutil.disk_usage(folder).free
    if whole > free:
        raise TrainerFailure(
            "DiskFull",
            f"{archive.name} unpacks to {whole >> 20} MB, and {free >> 20} MB are free on the disk. Use a larger one.",
        )


def _require_same_names(archive: Path, names: list[str], listed: dict[str, str]) -> None:
    there = set(names) - {MANIFEST, SIGNATURE}
    if there != set(listed) or len(set(names)) != len(names):
        odd = ", ".join(sorted(there ^ set(listed))) or "a name twice"
        raise TrainerFailure("ModelNotTrusted", f"{archive.name} does not hold what its manifest says: {odd}.")
    for name in there:
        path = PurePosixPath(name)
        if path.is_absolute() or ".." in path.parts or "\\" in name or ":" in name:
            raise TrainerFailure("ModelNotTrusted", f"{archive.name} holds a file with a dangerous name: {name}.")


def _unpack_one(zipped: zipfile.ZipFile, name: str, folder: Path) -> str:
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    with zipped.open(name) as source, path.open("wb") as target:
        return _copied(source, target)
