"""Reads Parquet with DuckDB, the same version that wrote it, into a frame of four kinds of columns."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

import duckdb

from trainer.failures import TrainerFailure
from trainer.few import few, few_quoted
from trainer.portable.predict import conform, family
from trainer.recipe import available_memory, engine_config

if TYPE_CHECKING:
    import numpy as np
    import pandas as pd

_AS = {"number": "DOUBLE", "boolean": "BOOLEAN", "date": "TIMESTAMP", "text": "VARCHAR", "bytes": "BLOB"}
_BYTES = {"number": 8, "boolean": 8, "date": 8, "text": 100, "bytes": 1000}
#: The frame, its training part and one engine's working copy live at the same time.
_COPIES = 3
#: What is there is worth more than what is not: a name that was misspelt is found among it.
_MOST_FOUND = 20


def quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'


def literal(path: Path) -> str:
    return "'" + str(path).replace("'", "''") + "'"


def _folder(path: Path) -> str:
    return "'" + f"{path}/".replace("'", "''") + "'"


class Parquet:
    """One file, read by an engine that reaches it, the folder that it may write to, and nothing else."""

    def __init__(self, path: Path, writes_to: Path | None = None) -> None:
        if not path.is_file():
            raise TrainerFailure("BadSpec", f"There is no data at {path}.")
        path = path.resolve()
        self.path = path
        self.source = f"read_parquet({literal(path)})"
        self._spill = tempfile.TemporaryDirectory(prefix="trainyard-", ignore_cleanup_errors=True)
        self.connection = duckdb.connect(config=engine_config(Path(self._spill.name)))
        self._lock(writes_to)
        try:
            described = self.connection.execute(f"DESCRIBE SELECT * FROM {self.source}").fetchall()
            self.rows: int = self._one(f"SELECT count(*) FROM {self.source}")
        except duckdb.Error as error:
            raise TrainerFailure("BadData", f"The data cannot be read as Parquet: {error}") from error
        self.types: dict[str, str] = {row[0]: row[1] for row in described}

    def _lock(self, writes_to: Path | None) -> None:
        folders = [Path(self._spill.name), *([] if writes_to is None else [writes_to.resolve()])]
        self.connection.execute(f"SET allowed_paths = [{literal(self.path)}]")
        self.connection.execute(f"SET allowed_directories = [{', '.join(_folder(f) for f in folders)}]")
        self.connection.execute("SET enable_external_access = false")
        self.connection.execute("SET lock_configuration = true")

    def _one(self, query: str) -> int:
        row = self.connection.execute(query).fetchone()
        return int(row[0]) if row else 0

    def count(self, condition: str) -> int:
        return self._one(f"SELECT count(*) FROM {self.source} WHERE {condition}")

    def require(self, names: list[str], who: str) -> None:
        missing = [name for name in names if name not in self.types]
        if missing:
            column, lacks, it = ("column", "which is", "it") if len(missing) == 1 else ("columns", "which are", "them")
            raise TrainerFailure(
                "BadData",
                f"{who} needs the {column} {few_quoted(missing)}, {lacks} not in this data. "
                f"Found: {few(self.types, _MOST_FOUND)}. Add {it}, or choose data that has {it}.",
            )

    def require_memory(self, columns: list[tuple[str, str]]) -> None:
        needed = self.rows * sum(_BYTES[family(kind)] for _, kind in columns) * _COPIES
        there = available_memory()
        if there is not None and needed > there:
            raise TrainerFailure(
                "OutOfMemory",
                f"{self.rows} rows × {len(columns)} columns need about {needed / 2**30:.1f} GiB of memory, and "
                f"{there / 2**30:.1f} GiB are free. Choose a machine with more memory, or less data.",
            )

    def frame(self, columns: list[tuple[str, str]], where: str = "true") -> pd.DataFrame:
        """`columns` as (name, SQL type), each read as the type that the model knows it by."""
        for name, kind in columns:
            self._require_castable(name, kind)
        wanted = ", ".join(f"CAST({quoted(n)} AS {_AS[family(k)]}) AS {quoted(n)}" for n, k in columns)
        frame = self.connection.execute(f"SELECT {wanted} FROM {self.source} WHERE {where}").df()
        return conform(frame, [{"name": n, "sqlType": k} for n, k in columns])

    def row_numbers(self, where: str) -> np.ndarray:
        """Counted from 1, in the order in which `frame` reads them."""
        numbered = f"SELECT row_number() OVER () AS i, * FROM {self.source}"
        return self.connection.execute(f"SELECT i FROM ({numbered}) WHERE {where}").df()["i"].to_numpy("int64")

    def _require_castable(self, name: str, kind: str) -> None:
        to = _AS[family(kind)]
        if to in ("VARCHAR", "BLOB") or family(self.types[name]) == family(kind):
            return
        bad = self.connection.execute(
            f"SELECT i, v FROM (SELECT row_number() OVER () AS i, {quoted(name)} AS v FROM {self.source}) "
            f"WHERE v IS NOT NULL AND TRY_CAST(CAST(v AS VARCHAR) AS {to}) IS NULL LIMIT 1"
        ).fetchone()
        if bad:
            wanted = {"DOUBLE": "a number", "BOOLEAN": "yes or no", "TIMESTAMP": "a date"}[to]
            raise TrainerFailure(
                "BadData",
                f"Column “{name}”, row {bad[0]}: found “{bad[1]}”, but the model needs {wanted} there. "
                "Mend it or leave it empty.",
            )
