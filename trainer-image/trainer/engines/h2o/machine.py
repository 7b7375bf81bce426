"""The Java process that H2O runs in: on this machine's own address only, with a password, gone with the trainer."""

# Types are checked where h2o is not installed, and this folder of the same name is taken for it.
# pyright: reportAttributeAccessIssue=false

from __future__ import annotations

import atexit
import contextlib
import hashlib
import io
import os
import random
import secrets
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import h2o  # pyright: ignore[reportMissingImports]

from trainer.engines.h2o.java import require_java
from trainer.engines.h2o.portable import find_jar
from trainer.failures import TrainerFailure

_HERE = "127.0.0.1"
_USER = "trainyard"
_START_SECONDS = 90.0
_LOOK_SECONDS = 0.05
_PORTS = (20_000, 59_000)
_LINES_TOLD = 30


#: What every request raises when Java has ended, or does not answer in time.
JavaGone = h2o.exceptions.H2OConnectionError


class JavaMachine:
    def __init__(self, folder: Path, megabytes: int) -> None:
        self._folder = folder
        self._megabytes = megabytes
        self._leash: int | None = None
        self._guard: subprocess.Popen[bytes] | None = None

    def start(self) -> JavaMachine:
        self._folder.mkdir(parents=True, exist_ok=True)
        password = secrets.token_urlsafe(24)
        where = self._folder / "where"
        where.unlink(missing_ok=True)
        port = _free_ports()
        self._launch(self._command(port, password, where))
        address = self._wait_for(where)
        with contextlib.redirect_stdout(io.StringIO()):  # it says that it is some months old
            h2o.connect(url=f"http://{address}", auth=(_USER, password), verbose=False, strict_version_check=False)
        h2o.no_progress()
        print(f"H2O {h2o.__version__} runs in Java with {self._megabytes} MB of memory", flush=True)
        return self

    def _command(self, port: int, password: str, where: Path) -> list[str]:
        login = self._folder / "login"
        with os.fdopen(os.open(login, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as file:
            file.write(f"{_USER}: MD5:{hashlib.md5(password.encode()).hexdigest()}\n")
        # With a list of machines, this one, it looks for no others on the network.
        flat = self._folder / "machines"
        flat.write_text(f"{_HERE}:{port}\n", "ascii")
        # XGBoost unpacks 150 MB there and does not take them away: with this folder they go.
        temporary = self._folder / "tmp"
        temporary.mkdir(exist_ok=True)
        command = [require_java(), f"-Xmx{self._megabytes}m", f"-Djava.io.tmpdir={temporary.resolve()}"]
        command += ["-Djava.awt.headless=true"]
        # Newer ones work, too; H2O was released before them.
        command += ["-Dsys.ai.h2o.debug.allowJavaVersions=21", "-jar", str(find_jar())]
        command += ["-name", f"trainyard-{secrets.token_hex(6)}", "-ip", _HERE, "-web_ip", _HERE]
        command += ["-baseport", str(port), "-flatfile", str(flat), "-notify_local", str(where), "-disable_flow"]
        command += ["-hash_login", "-login_conf", str(login), "-user_name", _USER]
        return [*command, "-ice_root", str(self._folder / "ice"), "-log_dir", str(self._folder / "log")]

    def _launch(self, command: list[str]) -> None:
        reading, self._leash = os.pipe()  # not inherited by what is started, so only this process holds it
        guard = [sys.executable, "-E", "-s", "-S", str(Path(__file__).with_name("guard.py")), str(reading)]
        with (self._folder / "java.log").open("wb") as log:
            self._guard = subprocess.Popen(
                [*guard, *command],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                pass_fds=(reading,),
                start_new_session=True,
            )
        os.close(reading)
        atexit.register(self.close)

    def _wait_for(self, where: Path) -> str:
        until = time.monotonic() + _START_SECONDS
        while time.monotonic() < until and not self.gone:
            said = where.read_text("ascii").strip() if where.exists() else ""
            if ":" in said:
                return said
            time.sleep(_LOOK_SECONDS)
        told = self.last_lines()
        self.close()
        raise TrainerFailure(
            "EngineUnavailable",
            f"Java did not start with {self._megabytes} MB of memory; its last words: {told[-300:] or 'none'}. "
            "Give it less memory, or choose a larger machine.",
        )

    @property
    def gone(self) -> bool:
        return self._guard is None or self._guard.poll() is not None

    def ask(self, endpoint: str, **given: Any) -> Any:
        return h2o.api(endpoint, **given)

    @contextlib.contextmanager
    def patience(self, seconds: float) -> Iterator[None]:
        """Within the block an answer that takes longer counts as none: a process may be there and still not answer."""
        connection = h2o.connection()
        before, connection._timeout = connection._timeout, seconds
        try:
            yield
        finally:
            connection._timeout = before

    def last_lines(self) -> str:
        try:
            lines = (self._folder / "java.log").read_text("utf-8", errors="replace").splitlines()
        except OSError:
            return ""
        return "\n".join(lines[-_LINES_TOLD:])

    def close(self) -> None:
        with contextlib.suppress(Exception), contextlib.redirect_stdout(io.StringIO()):
            if not self.gone:
                with self.patience(1.0):
                    h2o.connection().close()  # else it tries to at the very end, and complains
        if self._leash is not None:
            os.close(self._leash)
            self._leash = None
        if self._guard is not None:
            self._guard.wait()
            self._guard = None
            atexit.unregister(self.close)


def _free_ports() -> int:
    """A random port with a free one behind it: H2O wants two."""
    for _ in range(100):
        port = random.SystemRandom().randrange(*_PORTS)
        try:
            with socket.socket() as one, socket.socket() as other:
                one.bind((_HERE, port))
                other.bind((_HERE, port + 1))
        except OSError:
            continue
        return port
    raise TrainerFailure("EngineUnavailable", "No free port was found for H2O on this machine.")
