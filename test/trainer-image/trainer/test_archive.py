from __future__ import annotations

import hashlib
import json
import os
import pickle
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import duckdb
import pandas as pd
import pytest
from tables import iris
from trainer_bench import TRAINER_IMAGE, Run, Yard

from trainer.archive import pack, unpack
from trainer.failures import TrainerFailure
from trainer.portable.predict import InputProblem, conform
from trainer.reading import Parquet


@pytest.fixture(scope="module")
def made(shared_yard: Yard) -> Run:
    run = shared_yard.ask(iris(), "species", "multiclass", settings={"algorithm": "linear"}).train()
    assert run.code == 0, run.log
    return run


def seal(archive: Path, signature: Path) -> subprocess.CompletedProcess[str]:
    # -S: what signs has no engine's environment.
    return subprocess.run(
        [sys.executable, "-S", "-m", "trainer", "seal", "--archive", archive, "--signature", signature],
        env={"PYTHONPATH": str(TRAINER_IMAGE)}, capture_output=True, text=True,
    )  # fmt: skip


def test_the_manifest_names_every_other_file_and_is_the_same_inside_and_beside(
    made: Run,
):
    manifest = (made.out / "manifest.json").read_bytes()
    listed = json.loads(manifest)["files"]
    with zipfile.ZipFile(made.out / "model.zip") as archive:
        assert archive.read("manifest.json") == manifest
        assert set(archive.namelist()) == {*listed, "manifest.json"}
        for name, expected in listed.items():
            assert hashlib.sha256(archive.read(name)).hexdigest() == expected


def test_the_same_files_make_the_same_bytes(tmp_path: Path):
    folder = tmp_path / "folder"
    folder.mkdir()
    (folder / "one.txt").write_text("one")
    pack(folder, tmp_path / "a.zip")
    os.utime(folder / "one.txt", (1_000_000_000, 1_000_000_000))
    pack(folder, tmp_path / "b.zip")
    assert (tmp_path / "a.zip").read_bytes() == (tmp_path / "b.zip").read_bytes()


def test_sealing_adds_the_signature_and_twice_is_as_once(made: Run, tmp_path: Path):
    archive = shutil.copy(made.out / "model.zip", tmp_path)
    signature = tmp_path / "signature.json"
    for text in ('{"by": "a"}', '{"by": "b"}'):
        signature.write_text(text)
        assert seal(Path(archive), signature).returncode == 0
        with zipfile.ZipFile(archive) as zipped:
            assert zipped.read("signature.json").decode() == text
            assert zipped.namelist().count("signature.json") == 1
            assert zipped.read("manifest.json") == (made.out / "manifest.json").read_bytes()
    unpack(Path(archive), tmp_path / "unpacked")
    assert not list(tmp_path.glob(".*"))


def test_sealing_refuses_what_is_no_archive(tmp_path: Path):
    (tmp_path / "model.zip").write_text("no zip")
    (tmp_path / "signature.json").write_text("{}")
    refused = seal(tmp_path / "model.zip", tmp_path / "signature.json")
    assert refused.returncode == 65 and "is not a model's archive" in refused.stderr


def altered(made: Run, tmp_path: Path, how: str) -> Path:
    """The archive, changed in one way."""
    changed = tmp_path / "changed.zip"
    with (
        zipfile.ZipFile(made.out / "model.zip") as source,
        zipfile.ZipFile(changed, "w") as target,
    ):
        for info in source.infolist():
            content = source.read(info)
            if how == "file changed" and info.filename == "engine.py":
                content += b"\nimport os"
            if how == "file taken out" and info.filename == "README.md":
                continue
            if how == "manifest taken out" and info.filename == "manifest.json":
                continue
            target.writestr(info.filename, content)
        if how == "file added":
            target.writestr("model/more.py", "")
        if how == "name that climbs":
            target.writestr("../evil.py", "")
    return changed


@pytest.mark.parametrize(
    "how",
    [
        "file changed",
        "file added",
        "file taken out",
        "manifest taken out",
        "name that climbs",
    ],
)
def test_an_altered_archive_is_not_loaded(how: str, made: Run, tmp_path: Path):
    with pytest.raises(TrainerFailure) as caught:
        unpack(altered(made, tmp_path, how), tmp_path / "unpacked")
    assert caught.value.type == "ModelNotTrusted"
    assert not (tmp_path / "evil.py").exists()


def test_a_name_that_climbs_is_refused_even_when_the_manifest_has_it(tmp_path: Path):
    evil = b"print('here')"
    manifest = {"version": 1, "files": {"../evil.py": hashlib.sha256(evil).hexdigest()}}
    with zipfile.ZipFile(tmp_path / "model.zip", "w") as archive:
        archive.writestr("../evil.py", evil)
        archive.writestr("manifest.json", json.dumps(manifest))
    with pytest.raises(TrainerFailure, match="dangerous name"):
        unpack(tmp_path / "model.zip", tmp_path / "in" / "side")
    assert not list(tmp_path.rglob("evil.py"))


def test_half_an_archive_is_not_loaded(made: Run, tmp_path: Path):
    half = tmp_path / "half.zip"
    half.write_bytes((made.out / "model.zip").read_bytes()[:2000])
    with pytest.raises(TrainerFailure) as caught:
        unpack(half, tmp_path / "unpacked")
    assert caught.value.type == "ModelNotTrusted"


def bomb(tmp_path: Path, megabytes: int, name: str = "model/weights.bin") -> Path:
    """A small archive of many zeros; its manifest is true."""
    folder = tmp_path / "bomb"
    (folder / name).parent.mkdir(parents=True)
    with (folder / name).open("wb") as file:
        file.truncate(megabytes << 20)
    pack(folder, tmp_path / "bomb.zip")
    return tmp_path / "bomb.zip"


def test_an_archive_that_unpacks_to_far_more_than_a_model_is_refused_before_it_does(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    archive = bomb(tmp_path, megabytes=80)
    monkeypatch.setattr("trainer.archive._LARGEST_ANYWAY", 64 << 20)
    with pytest.raises(TrainerFailure, match=r"would unpack to 80 MB, far more than a model") as caught:
        unpack(archive, tmp_path / "unpacked")
    assert caught.value.type == "ModelNotTrusted"
    assert not list((tmp_path / "unpacked").iterdir())
    monkeypatch.undo()
    assert list(unpack(archive, tmp_path / "unpacked")) == ["model/weights.bin"]


def test_an_archive_that_does_not_fit_on_the_disk_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    archive = bomb(tmp_path, megabytes=8)
    monkeypatch.setattr(shutil, "disk_usage", lambda _: shutil._ntuple_diskusage(9 << 20, 2 << 20, 7 << 20))  # type: ignore[attr-defined]  # pyright: ignore[reportAttributeAccessIssue]
    with pytest.raises(TrainerFailure, match=r"unpacks to 8 MB, and 7 MB are free") as caught:
        unpack(archive, tmp_path / "unpacked")
    assert caught.value.type == "DiskFull"


def test_a_file_that_says_it_is_small_is_not_unpacked_any_further(tmp_path: Path):
    archive = bomb(tmp_path, megabytes=80)
    whole, tenth = (80 << 20).to_bytes(4, "little"), (1 << 20).to_bytes(4, "little")
    content = archive.read_bytes()
    listing = content.rindex(b"PK\x01\x02", 0, content.rindex(b"PK\x01\x02"))
    archive.write_bytes(content[:listing] + content[listing:].replace(whole, tenth))
    with pytest.raises(TrainerFailure, match="not a whole model's archive") as caught:
        unpack(archive, tmp_path / "unpacked")
    assert caught.value.type == "ModelNotTrusted"
    assert (tmp_path / "unpacked" / "model" / "weights.bin").stat().st_size <= 1 << 20


@pytest.mark.parametrize("where", ["model/weights.bin", "manifest.json"])
def test_an_archive_with_damaged_contents_is_refused_in_a_sentence(where: str, tmp_path: Path):
    archive = bomb(tmp_path, megabytes=1)
    content = bytearray(archive.read_bytes())
    with zipfile.ZipFile(archive) as zipped:
        info = zipped.getinfo(where)
    begin = (
        info.header_offset + 30 + int.from_bytes(content[info.header_offset + 26 : info.header_offset + 28], "little")
    )
    begin += int.from_bytes(content[info.header_offset + 28 : info.header_offset + 30], "little")
    # A block of a type that there is not: zlib.error, and no wrong checksum.
    content[begin : begin + 4] = b"\xff\xff\xff\xff"
    archive.write_bytes(content)
    with pytest.raises(TrainerFailure, match=r"not a whole model's archive.*Take it again") as caught:
        unpack(archive, tmp_path / "unpacked")
    assert caught.value.type == "ModelNotTrusted"


def test_a_prediction_refuses_an_altered_model(made: Run, shared_yard: Yard, tmp_path: Path):
    changed = altered(made, tmp_path, "file changed")
    run = shared_yard.predict(iris(), model=str(changed))
    assert run.code == 65
    assert run.failure["type"] == "ModelNotTrusted" and "engine.py is not what it was" in run.failure["message"]
    assert not (run.out / "predictions.parquet").exists()


def outside(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """As whoever was given the archive runs it: nothing of ours around it."""
    iris().drop(columns="species").to_csv(folder / "data.csv", index=False)
    command = [sys.executable, "-I", str(folder / "predict.py"), *arguments]
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=120)


def unpacked(made: Run, folder: Path) -> Path:
    with zipfile.ZipFile(made.out / "model.zip") as archive:
        archive.extractall(folder)
    return folder


class Burning:
    """What a pickle can do to whoever loads it."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def __reduce__(self) -> tuple[object, tuple[str, str]]:
        return (os.mkdir, (str(self._path),))  # type: ignore[return-value]


@pytest.mark.parametrize("name", ["model/pipeline.joblib", "engine.py", "input-schema.json", "predict.py"])
def test_outside_a_file_with_one_byte_altered_is_not_loaded(name: str, made: Run, tmp_path: Path):
    folder = unpacked(made, tmp_path / "model")
    content = bytearray((folder / name).read_bytes())
    # A letter within a sentence, so that the file can still be read as what it is.
    at = content.index(b"Trainyard") if name == "predict.py" else len(content) // 2
    content[at] ^= 1
    (folder / name).write_bytes(content)
    ended = outside(folder, "data.csv")
    assert (ended.returncode, ended.stdout) == (70, "")
    assert ended.stderr.startswith(f"The file {name} of the model is not what it was when the model was made")
    assert "--unverified" in ended.stderr


def test_outside_nothing_is_unpickled_before_it_was_checked_unless_told(made: Run, tmp_path: Path):
    folder, burnt = unpacked(made, tmp_path / "model"), tmp_path / "burnt"
    (folder / "model" / "pipeline.joblib").write_bytes(pickle.dumps(Burning(burnt)))
    assert outside(folder, "data.csv").returncode == 70 and not burnt.exists()
    outside(folder, "--unverified", "data.csv")
    assert burnt.exists()


def test_outside_a_change_of_ones_own_is_loaded_when_told(made: Run, tmp_path: Path):
    folder = unpacked(made, tmp_path / "model")
    (folder / "engine.py").write_text((folder / "engine.py").read_text("utf-8") + "\n# mine\n", "utf-8")
    ended = outside(folder, "--unverified", "data.csv")
    assert ended.returncode == 0, ended.stderr
    assert len(ended.stdout.splitlines()) == 151
    assert outside(folder, "--unverifed", "data.csv").returncode == 64


@pytest.mark.parametrize(
    ("content", "said"), [(None, "is missing"), ("{", "cannot be read"), ('{"files": {"a.txt": "0"}}', "a.txt of the model is missing")]
)  # fmt: skip
def test_outside_without_a_manifest_that_fits_nothing_is_loaded(
    content: str | None, said: str, made: Run, tmp_path: Path
):
    folder = unpacked(made, tmp_path / "model")
    (folder / "manifest.json").unlink()
    if content is not None:
        (folder / "manifest.json").write_text(content, "utf-8")
    ended = outside(folder, "data.csv")
    assert ended.returncode == 70 and said in ended.stderr and "Traceback" not in ended.stderr


def test_a_prediction_names_the_column_that_is_missing(made: Run, shared_yard: Yard):
    run = shared_yard.predict(iris().drop(columns=["petal width (cm)"]))
    assert run.code == 65
    assert run.failure["type"] == "BadData"
    assert (
        "The model needs the column “petal width (cm)”, which is not in this data. Found: sepal"
        in run.failure["message"]
    )


def test_a_prediction_counts_the_columns_that_are_missing_beyond_five(tmp_path: Path):
    columns = [{"name": name, "sqlType": "DOUBLE"} for name in "abcdefgh"]
    with pytest.raises(InputProblem) as refused:
        conform(pd.DataFrame({"x": [1.0]}), columns)
    said = "The model needs the columns “a”, “b”, “c”, “d”, “e” and 3 more, which are not in this data. Found: x."
    assert str(refused.value) == said


def test_outside_what_is_no_csv_is_said_without_the_words_of_pandas(made: Run, tmp_path: Path):
    folder = unpacked(made, tmp_path / "model")
    (folder / "picture.csv").write_bytes(b"\x89PNG\xff\xfe")
    ended = outside(folder, "picture.csv")
    assert ended.returncode == 65 and "this is not a CSV file in UTF-8" in ended.stderr


def test_outside_without_its_packages_it_names_what_brings_them(made: Run, tmp_path: Path):
    folder = unpacked(made, tmp_path / "model")
    bare = subprocess.run(
        [sys.executable, "-I", "-S", str(folder / "predict.py"), "data.csv"],
        capture_output=True,
        text=True,
        check=False,
    )
    assert bare.returncode == 1
    assert bare.stderr.strip() == "numpy is not installed here. Run: python -m pip install -r requirements.txt"


def test_a_prediction_names_row_and_value_that_do_not_fit(made: Run, shared_yard: Yard):
    frame = iris().astype({"petal width (cm)": str})
    frame.loc[7, "petal width (cm)"] = "wide"
    run = shared_yard.predict(frame)
    assert run.code == 65
    assert "Column “petal width (cm)”, row 8: found “wide”, but the model needs a number" in run.failure["message"]


def test_numbers_written_as_text_are_read_as_numbers(made: Run, shared_yard: Yard):
    assert shared_yard.predict(iris().astype({"petal width (cm)": str})).code == 0


def test_columns_called_like_those_within_stay_as_they_are(made: Run, shared_yard: Yard):
    odd = {"file_row_number": "mine", "__row": "mine", "__ROW_": "mine"}
    run = shared_yard.predict(iris().assign(**odd))
    assert run.code == 0, run.log
    predicted = duckdb.execute(f"SELECT * FROM '{run.out / 'predictions.parquet'}'").df()
    assert list(predicted["file_row_number"].unique()) == ["mine"]
    assert set(odd) <= set(predicted.columns)
    assert "__row__" not in predicted.columns


def test_the_engine_reaches_the_data_and_its_folder_only(tmp_path: Path):
    (tmp_path / "out").mkdir()
    for name in ("data", "other"):
        duckdb.execute(f"COPY (SELECT 1 AS a) TO '{tmp_path / name}.parquet'")
    parquet = Parquet(tmp_path / "data.parquet", writes_to=tmp_path / "out")
    read = parquet.connection.execute
    read(f"COPY (SELECT a FROM {parquet.source}) TO '{tmp_path / 'out' / 'b.parquet'}'")
    row = read("SELECT current_setting('memory_limit'), current_setting('temp_directory')").fetchone()
    assert row is not None
    limit, spill = row
    assert limit.endswith("iB") and Path(spill).name.startswith("trainyard-")
    for refused in (
        f"SELECT * FROM '{tmp_path / 'other.parquet'}'",
        f"COPY (SELECT 1) TO '{tmp_path / 'c.parquet'}'",
        "SET enable_external_access = true",
        "SET memory_limit = '1TB'",
    ):
        with pytest.raises(duckdb.Error):
            read(refused)


def test_predicting_again_over_predictions_replaces_them(made: Run, shared_yard: Yard):
    run = shared_yard.predict(iris().assign(species_predicted="old"))
    assert run.code == 0, run.log
    answer = duckdb.sql(f"SELECT * FROM '{run.out / 'predictions.parquet'}'").df()
    assert "old" not in set(answer["species_predicted"]) and list(answer.columns).count("species_predicted") == 1


def test_no_rows_give_no_rows(made: Run, shared_yard: Yard):
    run = shared_yard.predict(iris().head(0))
    assert run.code == 0, run.log
    assert len(duckdb.sql(f"SELECT * FROM '{run.out / 'predictions.parquet'}'").df()) == 0


def test_a_model_of_another_engine_is_refused(made: Run, shared_yard: Yard):
    run = shared_yard.predict(iris(), engine="autogluon")
    assert run.code == 65 and "made by sklearn, not by autogluon" in run.failure["message"]


def test_no_model_is_said(made: Run, shared_yard: Yard):
    run = shared_yard.predict(iris(), model="none.zip")
    assert run.code == 65 and run.failure["type"] == "BadSpec"
