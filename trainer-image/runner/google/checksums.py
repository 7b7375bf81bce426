"""CRC-32C (Castagnoli), by which Google knows objects that have no MD5: those put together from parts."""

from __future__ import annotations

import base64
import hashlib
from pathlib import Path

_POLYNOMIAL = 0x82F63B78
_CHUNK_BYTES = 1024 * 1024


def _table() -> tuple[int, ...]:
    entries: list[int] = []
    for number in range(256):
        for _ in range(8):
            number = number >> 1 ^ (_POLYNOMIAL if number & 1 else 0)
        entries.append(number)
    return tuple(entries)


_TABLE = _table()


def crc32c(data: bytes, before: int = 0) -> int:
    table, value = _TABLE, before ^ 0xFFFFFFFF
    for byte in data:
        value = table[(value ^ byte) & 0xFF] ^ value >> 8
    return value ^ 0xFFFFFFFF


def md5_of(data: bytes) -> str:
    """As the storage API writes it."""
    return base64.b64encode(hashlib.md5(data, usedforsecurity=False).digest()).decode("ascii")


def md5_of_file(path: Path) -> str:
    digest = hashlib.md5(usedforsecurity=False)
    with path.open("rb") as file:
        while chunk := file.read(_CHUNK_BYTES):
            digest.update(chunk)
    return base64.b64encode(digest.digest()).decode("ascii")


def crc32c_of_file(path: Path) -> str:
    value = 0
    with path.open("rb") as file:
        while chunk := file.read(_CHUNK_BYTES):
            value = crc32c(chunk, value)
    return base64.b64encode(value.to_bytes(4, "big")).decode("ascii")
