from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from trainer_bench import TRAINER_IMAGE

from trainer import engine
from trainer.failures import TrainerFailure


def describe(image: Path) -> list[dict]:
    # -S -I: no site-packages at all, so whatever is imported is the standard library or ours.
    code = f"import sys; sys.path.insert(0, {str(image)!r}); from trainer.__main__ import main; sys.exit(main(['describe']))"
    answer = subprocess.run(
        [sys.executable, "-I", "-S", "-c", code],
        capture_output=True,
        text=True,
        check=True,
    )
    return json.loads(answer.stdout)


def test_describes_every_engine_with_the_standard_library_alone():
    described = {one["name"]: one for one in describe(TRAINER_IMAGE)}
    assert set(described) == {"sklearn", "autogluon", "torch", "h2o"}
    for one in described.values():
        several = ["multilabel"] if one["name"] == "torch" else []
        assert one["tasks"] == ["binary", "multiclass", "regression", *several]
        assert one["continues"] is (one["name"] != "h2o") is (one["continuing"] is not None)
        assert set(one["environment"]) == {
            "downloadMegabytes",
            "installSeconds",
            "preparedAtStart",
        }
        parts = {"baseMegabytes", "bytesPerCell", "bytesPerPixel", "baseSeconds", "secondsPerMillionCells"}
        assert set(one["needs"]) == parts
        assert (one["needs"]["bytesPerPixel"] > 0) == ("image" in one["takes"])
        assert all(value > 0 for name, value in one["needs"].items() if name != "bytesPerPixel")
        for setting in one["settings"]:
            assert set(setting) == {
                "name",
                "title",
                "help",
                "type",
                "default",
                "min",
                "max",
                "choices",
                "tasks",
                "advanced",
            }
    assert described["sklearn"]["environment"]["preparedAtStart"] is True
    assert described["autogluon"]["environment"]["preparedAtStart"] is False


def test_scikit_learn_says_of_every_algorithm_what_going_on_from_a_kept_model_is():
    declared = engine.load_engine("sklearn").DECLARATION.describe()
    told = {choice["value"]: choice["sentence"] for choice in declared["continuing"]["choices"]}
    (algorithm,) = (one for one in declared["settings"] if one["name"] == declared["continuing"]["setting"])
    assert list(told) == [choice["value"] for choice in algorithm["choices"]]
    assert (
        told["tree"]
        == "First as it is set, if that was not tried yet; then with other values of: depth, rows in a leaf."
    )
    assert "no algorithm of scikit-learn is trained for longer" in declared["continuing"]["sentence"].lower()


def test_the_default_of_every_setting_is_one_that_it_allows():
    for name in engine.engine_names():
        for setting in engine.load_engine(name).DECLARATION.settings:
            assert setting.problem_with(setting.default) is None, f"{name}.{setting.name}"


def test_an_engine_is_found_by_its_folder_alone(tmp_path: Path):
    image = tmp_path / "image"
    shutil.copytree(
        TRAINER_IMAGE / "trainer",
        image / "trainer",
        ignore=shutil.ignore_patterns("__pycache__"),
    )
    added = image / "trainer" / "engines" / "added"
    added.mkdir()
    source = (TRAINER_IMAGE / "trainer" / "engines" / "sklearn" / "__init__.py").read_text("utf-8")
    (added / "__init__.py").write_text(source.replace('name="sklearn"', 'name="added"'), "utf-8")
    assert [one["name"] for one in describe(image)] == ["added", "autogluon", "h2o", "sklearn", "torch"]


def test_every_lock_pins_hashes_and_names_no_index():
    for name in engine.engine_names():
        lock = (engine.ENGINES_FOLDER / name / "requirements.lock").read_text("utf-8")
        assert "://" not in lock and "index" not in lock
        pins = [line for line in lock.splitlines() if line and not line.startswith((" ", "#"))]
        assert pins and all("==" in pin for pin in pins)
        assert lock.count("--hash=sha256:") >= len(pins)


def test_both_sides_read_parquet_with_the_same_version_of_duckdb():
    package = json.loads((TRAINER_IMAGE.parent / "package.json").read_text("utf-8"))
    version = package["dependencies"]["@duckdb/node-api"].split("-")[0]
    for name in engine.engine_names():
        assert f"\nduckdb=={version} " in "\n" + (engine.ENGINES_FOLDER / name / "requirements.lock").read_text("utf-8")


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"speed": 3}, "has no setting “speed”. It has: algorithm"),
        ({"algorithm": "magic"}, "Algorithm is one of auto, linear"),
        ({"trees": 1.5}, "Trees is a whole number, not “1.5”"),
        ({"trees": True}, "Trees is a whole number"),
        ({"trees": 0}, "Trees is at least 1, not 0"),
        ({"learning_rate": 2}, "Learning rate is at most 1, not 2"),
        ({"algorithm": 7}, "Algorithm is one of"),
    ],
)
def test_says_which_setting_is_wrong(given: dict, said: str):
    with pytest.raises(TrainerFailure) as caught:
        engine.load_engine("sklearn").DECLARATION.settled(given, "binary")
    assert caught.value.type == "BadSettings"
    assert said in caught.value.message


def test_fills_in_defaults():
    settled = engine.load_engine("sklearn").DECLARATION.settled({"trees": 50}, "binary")
    assert settled["trees"] == 50 and settled["algorithm"] == "auto"


def test_an_unknown_engine_is_said_to_be_unknown():
    with pytest.raises(TrainerFailure, match=r"There is no engine “h3o”. There are: autogluon, h2o, sklearn, torch"):
        engine.load_engine("h3o")
