"""Prepares rows as the rows were that a model learned from: the fitted recipe beside it, carried out by DuckDB.

Needs duckdb and pandas, and nothing of Trainyard: it works beside an unpacked model as well as in the trainer.
"""

from __future__ import annotations

import json
import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import duckdb
import pandas as pd

RECIPE = "recipe.json"
_ROW, _LEFT_OUT = "__ty_row", "__ty_left_out"
#: With less the engine cannot even read a wide table.
_LEAST_MB = 256
_WORDS = {
    "BIGINT": "a whole number",
    "DOUBLE": "a number",
    "BOOLEAN": "yes or no",
    "DATE": "a date",
    "TIMESTAMP": "a date with time",
    "VARCHAR": "text",
    "BLOB": "an image",
}


class RecipeProblem(ValueError):
    """The recipe cannot be carried out here, or the data does not fit it; the message says what to do."""


@dataclass(frozen=True)
class Prepared:
    """One row for each row that came in, in its order."""

    features: pd.DataFrame
    #: Why a row is not scored: “step 3 leaves out such a row: …”; None for a row that is.
    left_out: list[str | None]

    @property
    def kept(self) -> list[bool]:
        return [reason is None for reason in self.left_out]


class FittedRecipe:
    """What `fitted-recipe.ts` describes, with the folder of the tables that it looks things up in."""

    def __init__(self, fitted: dict[str, Any], folder: Path) -> None:
        self.fitted = fitted
        self.folder = folder
        if fitted.get("version") != 1:
            raise RecipeProblem(
                f"The recipe of this model has the form {fitted.get('version')!r}, and only form 1 is known here. "
                "Use a newer Trainyard."
            )
        if fitted["duckdb"] != duckdb.__version__:
            raise RecipeProblem(
                f"The recipe of this model was fitted with DuckDB {fitted['duckdb']}, and DuckDB {duckdb.__version__} "
                f"is here, which may come to other values. Install duckdb=={fitted['duckdb']}."
            )
        self._reasons = {step["id"]: step.get("leavesOut") or step["sentence"] for step in fitted["steps"]}

    @property
    def input_columns(self) -> list[tuple[str, str]]:
        return [(column["name"], column["type"]) for column in self.fitted["inputColumns"]]

    @property
    def output_columns(self) -> list[tuple[str, str]]:
        return [(column["name"], column["type"]) for column in self.fitted["outputColumns"]]

    def prepare_frame(self, frame: pd.DataFrame) -> Prepared:
        """`frame` has the columns of the data as it comes, typed or as text; others are left alone."""
        found = self._found([str(name) for name in frame.columns])
        taken = pd.DataFrame({str(n): _plain(frame.iloc[:, at]) for n, at in enumerate(found)}, index=frame.index)
        # A frame without columns has no length for the engine.
        taken[_ROW] = pd.RangeIndex(len(frame)).to_numpy(dtype="int64")
        names = [str(n) for n in range(len(found))]
        with self._engine([]) as connection:
            connection.register("raw", taken)
            return self._prepared(connection, names, _quoted(_ROW))

    def prepare_parquet(self, path: Path) -> Prepared:
        with self._engine([path]) as connection:
            source = f"read_parquet({_literal(str(path))})"
            try:
                described = connection.execute(f"DESCRIBE SELECT * FROM {source}").fetchall()
            except duckdb.Error as error:
                raise RecipeProblem(f"{path.name} cannot be read as Parquet: {error}") from error
            names = [row[0] for row in described]
            # By their places: the data may have columns of any name, such as those that the recipe uses within.
            found = [f"{_quoted(names[at])} AS {_quoted(str(n))}" for n, at in enumerate(self._found(names))]
            row = f"row_number() OVER () - 1 AS {_quoted(_ROW)}"
            connection.execute(f"CREATE TEMP VIEW raw AS SELECT {', '.join([row, *found])} FROM {source}")
            return self._prepared(connection, [str(n) for n in range(len(found))], _quoted(_ROW))

    def _found(self, names: list[str]) -> list[int]:
        """Where the columns that the recipe needs are; names are told apart as where the recipe was made."""
        places = {name.lower(): at for at, name in reversed(list(enumerate(names)))}
        missing = [name for name, _ in self.input_columns if name.lower() not in places]
        if missing:
            column, lacks = ("column", "which is") if len(missing) == 1 else ("columns", "which are")
            raise RecipeProblem(
                f"The model needs the {column} {_few([f'“{name}”' for name in missing])}, {lacks} not in this data. "
                f"Found: {_few(names, 20)}."
            )
        return [places[name.lower()] for name, _ in self.input_columns]

    @contextmanager
    def _engine(self, readable: list[Path]) -> Iterator[duckdb.DuckDBPyConnection]:
        """An engine that reaches the lookups and `readable`, and nothing else: whatever the recipe's SQL says."""
        with tempfile.TemporaryDirectory(prefix="trainyard-", ignore_cleanup_errors=True) as spill:
            yield from self._locked(readable, Path(spill))

    def _locked(self, readable: list[Path], spill: Path) -> Iterator[duckdb.DuckDBPyConnection]:
        connection = duckdb.connect(config=engine_config(spill))
        try:
            for lookup in self.fitted["lookups"]:
                file = self.folder / lookup["file"]
                if not file.is_file():
                    raise RecipeProblem(f"{file.name} is missing beside the recipe: unpack the whole archive.")
                connection.execute(
                    f"CREATE TEMP TABLE {_quoted(lookup['name'])} AS FROM read_parquet({_literal(str(file))})"
                )
            allowed = ", ".join(_literal(str(path)) for path in readable)
            connection.execute(f"SET allowed_paths = [{allowed}]")
            connection.execute(f"SET allowed_directories = [{_literal(f'{spill}/')}]")
            connection.execute("SET enable_external_access = false")
            connection.execute("SET lock_configuration = true")
            yield connection
        finally:
            connection.close()

    def _prepared(self, connection: duckdb.DuckDBPyConnection, names: list[str], row: str) -> Prepared:
        types = {name: kind for name, kind, *_ in connection.execute("DESCRIBE raw").fetchall()}
        columns = [
            _Column(own, _quoted(name), types[name], kind)
            for name, (own, kind) in zip(names, self.input_columns, strict=True)
        ]
        _require_castable(connection, columns, row)
        selected = [f"CAST({row} AS BIGINT) AS {_quoted(_ROW)}"]
        selected += [f"{column.cast} AS {_quoted(column.own)}" for column in columns]
        connection.execute(f"CREATE TEMP VIEW input AS SELECT {', '.join(selected)} FROM raw")
        statements = connection.extract_statements(self.fitted["applySql"])
        if len(statements) != 1 or statements[0].type != duckdb.StatementType.SELECT:
            raise RecipeProblem("The recipe of this model is not one SELECT. Take the archive again from its source.")
        prepared = connection.execute(statements[0]).df()
        reasons = [None if pd.isna(step) else self._reasons[step] for step in prepared[_LEFT_OUT]]
        return Prepared(prepared.drop(columns=[_ROW, _LEFT_OUT]), reasons)


def _few(texts: list[str], most: int = 5) -> str:
    more = f" and {len(texts) - most:,} more" if len(texts) > most else ""
    return ", ".join(texts[:most]) + more


@dataclass(frozen=True)
class _Column:
    own: str
    #: Its name in the data, quoted, and its type there.
    name: str
    found: str
    wanted: str

    @property
    def text(self) -> str:
        return f"nullif(CAST({self.name} AS VARCHAR), '')"

    @property
    def cast(self) -> str:
        if self.wanted == "VARCHAR":
            return self.text
        return self.name if self.found == self.wanted else f"TRY_CAST({self.text} AS {self.wanted})"

    @property
    def is_lost(self) -> str:
        lost = f"({self.text} IS NOT NULL AND {self.cast} IS NULL)"
        # The engine would round 1.5 to a whole number without a word.
        number = f"TRY_CAST({self.text} AS DOUBLE)"
        return f"{lost} OR coalesce({number} <> floor({number}), false)" if self.wanted == "BIGINT" else lost


def _require_castable(connection: duckdb.DuckDBPyConnection, columns: list[_Column], row: str) -> None:
    checked = [column for column in columns if column.wanted not in ("VARCHAR", column.found)]
    if not checked:
        return
    lost = [f"min({row}) FILTER (WHERE {column.is_lost})" for column in checked]
    first = connection.execute(f"SELECT {', '.join(lost)} FROM raw").fetchone() or ()
    for at, column in zip(first, checked, strict=True):
        if at is None:
            continue
        value = connection.execute(f"SELECT {column.name} FROM raw WHERE {row} = {int(at)}").fetchone()
        raise RecipeProblem(
            f"Column “{column.own}”, row {int(at) + 1}: found “{value[0] if value else ''}”, but the model needs "
            f"{_WORDS[column.wanted]} there. Mend it or leave it empty."
        )


def load_recipe(folder: Path) -> FittedRecipe | None:
    """The recipe of a model that was unpacked to `folder`; None when the model takes rows as they come."""
    path = folder / RECIPE
    try:
        fitted = json.loads(path.read_text("utf-8")) if path.is_file() else None
        return None if fitted is None else FittedRecipe(fitted, folder)
    except (KeyError, TypeError, json.JSONDecodeError) as error:
        raise RecipeProblem(
            f"{path.name} cannot be read: {error!r}. Take the archive again from its source."
        ) from error


def engine_config(spill: Path) -> dict[str, Any]:
    """An engine that keeps to half of the memory that is free, spills beyond it, and fetches nothing."""
    config: dict[str, Any] = {
        "temp_directory": str(spill),
        "autoinstall_known_extensions": False,
        "autoload_known_extensions": False,
    }
    free = available_memory()
    return config if free is None else config | {"memory_limit": f"{max(_LEAST_MB, free // 2**21)}MB"}


def available_memory() -> int | None:
    """Bytes that can still be had; None where the system does not say."""
    try:
        with Path("/proc/meminfo").open(encoding="ascii") as lines:
            for line in lines:
                if line.startswith("MemAvailable:"):
                    return int(line.split()[1]) * 1024
    except OSError:
        pass
    try:
        return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    except (ValueError, OSError, AttributeError):
        return None


def _plain(series: pd.Series) -> pd.Series:
    """Mixed values as text, for the engine to read: numbers, yes and no, and dates keep what they are."""
    if series.dtype != object and not isinstance(series.dtype, pd.CategoricalDtype):
        return series
    return series.astype(object).map(lambda v: None if pd.api.types.is_scalar(v) and pd.isna(v) else str(v))


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'


def _literal(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"
