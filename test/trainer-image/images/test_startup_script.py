"""The slow path: a machine without an image of ours sets itself up from the job's bucket."""

from __future__ import annotations

import io
import json
import os
import subprocess
import tarfile
from pathlib import Path

import pytest
from google_server import Fault, GoogleServer

SCRIPT = Path(__file__).resolve().parents[3] / "trainer-image" / "images" / "startup-script.sh"
PROVISION = '#!/bin/sh\necho "$@" >>"$SEEN"\n'


class Plain:
    """A Debian as it comes, with what changes the system replaced by notes of what was asked."""

    def __init__(self, folder: Path, google: GoogleServer) -> None:
        self.google = google
        self.place = folder / "opt"
        self.seen = folder / "seen"
        programs = folder / "bin"
        programs.mkdir()
        for name in ("systemctl", "systemd-run", "shutdown"):
            # What is to be run later is run at once.
            later = 'exec env "${4#--setenv=}" "${3#--setenv=}" "$5" "$6"' if name == "systemd-run" else ""
            (programs / name).write_text(f'#!/bin/sh\necho {name} "$@" >>"$SEEN"\n{later}\n')
            (programs / name).chmod(0o755)
        self.environment = {
            "PATH": f"{programs}:{os.environ['PATH']}",
            "SEEN": str(self.seen),
            "GCE_METADATA_HOST": google.host,
            "TRAINYARD_PLACE": str(self.place),
        }
        told = {
            "TRAINYARD_BUCKET": "gs://job-bucket",
            "TRAINYARD_TRAINER_HASH": "0123456789ab",
            "TRAINYARD_ENDPOINT": google.endpoint,
            "TRAINYARD_PYTHON": "/opt/trainyard/engines/sklearn/bin/python",
        }
        google.world.attributes["trainyard-environment"] = json.dumps(told)

    def pack(self) -> None:
        packed = io.BytesIO()
        with tarfile.open(fileobj=packed, mode="w:gz") as archive:
            entry = tarfile.TarInfo("images/provision.sh")
            entry.size, entry.mode = len(PROVISION), 0o755
            archive.addfile(entry, io.BytesIO(PROVISION.encode()))
        self.google.world.put("machine/trainer.tar.gz", packed.getvalue())

    def boot(self) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            ["bash", str(SCRIPT)], env=self.environment, capture_output=True, text=True, timeout=60, check=False
        )

    def asked(self) -> list[str]:
        return self.seen.read_text().splitlines() if self.seen.exists() else []


@pytest.fixture
def plain(tmp_path: Path, google: GoogleServer) -> Plain:
    return Plain(tmp_path, google)


def test_sets_up_the_engine_of_its_job_once_and_starts_the_runner(plain: Plain) -> None:
    plain.pack()
    done = plain.boot()
    assert done.returncode == 0, done.stdout + done.stderr
    engine, start = plain.asked()
    assert engine.split()[-1] == "sklearn"  # with --gpu before it where there is one
    assert start == "systemctl start --no-block trainyard-runner.service"
    assert (plain.place / "trainer-hash").read_text() == "0123456789ab\n"
    assert "token" not in done.stdout + done.stderr
    again = plain.boot()
    assert again.returncode == 0
    assert "set up already" in again.stdout
    assert len(plain.asked()) == 2


def test_says_which_step_failed_and_removes_itself(plain: Plain) -> None:
    done = plain.boot()
    assert done.returncode != 0
    assert "This machine goes in 10 minutes" in done.stdout
    assert "404" in done.stderr
    (later,) = plain.asked()
    assert later.startswith("systemd-run --quiet --on-active=600 ")
    assert "token-" not in later
    assert plain.google.world.instances == set()


def test_powers_itself_off_where_it_may_not_be_removed(plain: Plain) -> None:
    plain.google.world.faults = [Fault("DELETE /compute", times=99, status=403)]
    plain.boot()
    assert plain.google.world.instances == {"ty-m"}
    assert plain.asked()[1:] == ["systemctl poweroff"]


def test_begins_anew_where_the_setting_up_was_broken_off(plain: Plain) -> None:
    plain.boot()
    plain.pack()
    assert plain.boot().returncode == 0
    assert plain.asked()[-1] == "systemctl start --no-block trainyard-runner.service"
