"""The metadata server beside every instance: what the instance is told, its tokens, and notices of its end."""

from __future__ import annotations

import http.client
import json
import os
import threading
import time
from errno import ENOENT
from urllib.parse import urlencode

from runner.google.calls import Passing, Refused

_TIMEOUT_SECONDS = 5.0
#: The server answers a wait itself after this long, so that a connection that died unseen is noticed.
_WAIT_SECONDS = 60
#: A token is asked for anew when it has less than this left; the server has a fresh one from five minutes before.
_RENEW_BEFORE_SECONDS = 180.0


class MetadataServer:
    def __init__(self, host: str) -> None:
        self._host = host

    @classmethod
    def of(cls, environment: os._Environ[str] | dict[str, str]) -> MetadataServer:
        return cls(environment.get("GCE_METADATA_HOST") or "metadata.google.internal")

    def read(self, path: str, timeout_seconds: float = _TIMEOUT_SECONDS) -> str:
        return self._ask(path, "", timeout_seconds)[0]

    def wait_for_change(self, path: str, last_tag: str) -> tuple[str, str]:
        """The value and its tag: as soon as the tag is another than `last_tag`, or after a minute."""
        query = {
            "wait_for_change": "true",
            "timeout_sec": _WAIT_SECONDS,
            **({"last_etag": last_tag} if last_tag else {}),
        }
        return self._ask(path, f"?{urlencode(query)}", _WAIT_SECONDS + _TIMEOUT_SECONDS)

    def _ask(self, path: str, query: str, timeout_seconds: float) -> tuple[str, str]:
        connection = http.client.HTTPConnection(self._host, timeout=timeout_seconds)
        try:
            connection.request("GET", f"/computeMetadata/v1/{path}{query}", headers={"Metadata-Flavor": "Google"})
            response = connection.getresponse()
            text = response.read().decode("utf-8", "replace")
        except (OSError, http.client.HTTPException) as error:
            raise Passing(f"The metadata server {self._host} does not answer: {error!r}") from error
        finally:
            connection.close()
        if response.status == 200:
            return text, response.headers.get("ETag") or ""
        if response.status == 404:
            raise FileNotFoundError(ENOENT, f"The metadata server does not know {path}")
        if response.status >= 500 or response.status in (408, 429):
            raise Passing(f"The metadata server answers {response.status} for {path}")
        raise Refused(response.status, f"The metadata server answers {response.status} for {path}")


class MachineTokens:
    """Access tokens of the machine's own service account, kept until shortly before they expire."""

    def __init__(self, server: MetadataServer) -> None:
        self._server = server
        self._lock = threading.Lock()
        self._token = ""
        self._renew_at = float("-inf")
        self._expires_at = float("-inf")

    def get(self) -> str:
        with self._lock:
            if time.monotonic() >= self._renew_at:
                try:
                    self._fetch()
                except OSError:
                    # The one at hand may do yet.
                    if time.monotonic() >= self._expires_at:
                        raise
            return self._token

    def forget(self, token: str) -> None:
        with self._lock:
            if token == self._token:
                self._renew_at = self._expires_at = float("-inf")

    def _fetch(self) -> None:
        asked_at = time.monotonic()
        try:
            told = json.loads(self._server.read("instance/service-accounts/default/token"))
            token, lasts = str(told["access_token"]), float(told["expires_in"])
        except FileNotFoundError as error:
            raise Refused(403, "This machine has no service account: it may not speak to anybody.") from error
        except (ValueError, TypeError, KeyError) as error:
            raise Passing("The metadata server gives a token that is none") from error
        self._token = token
        self._expires_at = asked_at + lasts
        self._renew_at = asked_at + lasts - min(_RENEW_BEFORE_SECONDS, lasts / 2)
