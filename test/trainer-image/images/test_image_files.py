"""What machines are made of, checked by the tools that will read it. The linters of scripts, Dockerfiles and YAML run in
the suite `lint`."""

from __future__ import annotations

import configparser
import re
import shutil
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[3]
IMAGES = ROOT / "trainer-image" / "images"
UNITS = ("trainyard-runner.service", "trainyard-give-up.service")


def tool(name: str) -> str:
    found = shutil.which(name)
    if found is None:
        pytest.skip(f"{name} is not on this machine")
    return found


def unit(name: str) -> configparser.ConfigParser:
    read = configparser.ConfigParser(strict=False, interpolation=None)
    read.optionxform = str  # pyright: ignore[reportAttributeAccessIssue]
    read.read(IMAGES / name)
    return read


def verify(root: Path) -> subprocess.CompletedProcess[str]:
    places = [str(root / "etc/systemd/system" / name) for name in UNITS]
    command = [tool("systemd-analyze"), "verify", f"--root={root}", "--man=no", "--recursive-errors=no", *places]
    return subprocess.run(command, capture_output=True, text=True, check=False)


@pytest.fixture
def installed(tmp_path: Path) -> Path:
    """A root with the units where an image has them, and what they start."""
    for name in UNITS:
        target = tmp_path / "etc/systemd/system" / name
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(IMAGES / name, target)
    for name in ("opt/trainyard/trainer-image/entry.sh", "bin/echo", "bin/sleep", "usr/bin/python3"):
        target = tmp_path / name
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(ROOT / "trainer-image/entry.sh", target)
    return tmp_path


def test_systemd_understands_the_units(installed: Path) -> None:
    done = verify(installed)
    assert (done.returncode, done.stdout + done.stderr) == (0, "")


@pytest.mark.parametrize(
    ("right", "wrong"),
    [
        ("OOMPolicy=continue", "OOMPolicy=go-on"),
        ("Restart=on-failure", "Restart=on-failures"),
        ("SuccessAction=poweroff", "SuccesAction=poweroff"),
        ("/trainer-image/entry.sh", "/trainer-image/enter.sh"),
    ],
)
def test_a_mistake_in_a_unit_does_not_go_unseen(installed: Path, right: str, wrong: str) -> None:
    path = installed / "etc/systemd/system" / UNITS[0]
    text = path.read_text()
    assert right in text
    path.write_text(text.replace(right, wrong))
    done = verify(installed)
    assert done.stderr or done.returncode, "systemd takes it as it is"


def test_a_finished_run_is_not_started_again_and_a_dead_runner_is() -> None:
    runner = unit("trainyard-runner.service")
    assert runner["Service"]["Restart"] == "on-failure"
    assert runner["Unit"]["SuccessAction"] == "poweroff"
    # The exits of __main__.py that another start would not mend.
    assert set(runner["Service"]["RestartPreventExitStatus"].split()) == {"69", "78"}
    assert "124" in runner["Service"]["SuccessExitStatus"].split()
    assert runner["Unit"]["OnFailure"] == "trainyard-give-up.service"
    assert "network-online.target" in runner["Unit"]["After"].split()
    give_up = (IMAGES / "trainyard-give-up.service").read_text()
    assert "FailureAction=poweroff" in give_up
    steps = re.findall(r"^ExecStart=(\S+)(.*)$", give_up, re.MULTILINE)
    assert steps[-1] == ("/usr/bin/python3", " -S -m runner.google.leave"), "it removes itself, disk and all"


def test_what_the_runner_says_is_on_the_serial_console() -> None:
    assert unit("trainyard-runner.service")["Service"]["StandardOutput"] == "journal+console"


def test_the_recipe_of_the_machine_image_is_well_formed() -> None:
    """Terraform's formatter reads the same language as Packer, by the same parser."""
    terraform = tool("terraform")

    def check(text: str) -> int:
        command = [terraform, "fmt", "-check", "-"]
        return subprocess.run(command, input=text, capture_output=True, text=True, check=False).returncode

    text = (IMAGES / "machine.pkr.hcl").read_text()
    assert check(text) == 0
    assert check(text.replace("provisioner", "provisioner {", 1)) != 0


def test_an_image_is_named_by_the_trainer_that_is_in_it() -> None:
    recipe = (IMAGES / "machine.pkr.hcl").read_text()
    assert re.search(r'image_name\s*=\s*"\$\{local\.family\}-\$\{var\.trainer_hash\}"', recipe)
    assert re.search(r'family\s*=\s*"trainyard-\$\{var\.kind\}"', recipe)
    assert "'${var.trainer_hash}' >/opt/trainyard/trainer-hash" in recipe


@pytest.mark.parametrize(
    "path", [ROOT / "Dockerfile", *sorted(IMAGES.glob("*.Dockerfile"))], ids=lambda path: path.name
)
def test_bases_are_pinned_by_digest(path: Path) -> None:
    bases = [line.split()[1] for line in path.read_text().splitlines() if line.startswith("FROM ")]
    stages = re.findall(r" AS (\w+)", path.read_text())
    assert bases
    for base in bases:
        assert base in stages or re.search(r"@sha256:[0-9a-f]{64}$", base), base


def test_packer_is_pinned_by_digest_and_so_is_all_that_has_versions() -> None:
    for script in ("cloudbuild.yaml", "cloudbuild-machine.yaml"):
        names = re.findall(r"^    name: (.+)$", (IMAGES / script).read_text(), re.MULTILINE)
        assert names
        for name in names:
            assert name == "gcr.io/cloud-builders/docker" or re.search(r":[\w.-]+@sha256:[0-9a-f]{64}$", name), name


def test_engines_are_built_by_the_uv_that_builds_them_everywhere() -> None:
    here = re.search(r"^uv_version=([\d.]+)", (IMAGES / "build-engines.sh").read_text(), re.MULTILINE)
    there = re.search(r'^UV_VERSION = "([\d.]+)"', (ROOT / "infra/local/bring_uv.py").read_text(), re.MULTILINE)
    assert here and there and here[1] == there[1]


@pytest.mark.parametrize("script", ["cloudbuild.yaml", "cloudbuild-machine.yaml"])
def test_builds_compare_the_hash_that_they_are_told(script: str) -> None:
    text = (IMAGES / script).read_text()
    assert "node tools/image-name.ts hash" in text
    assert 'if [ "$$mine" != "${_TRAINER_HASH}" ]' in text
