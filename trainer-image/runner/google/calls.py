"""One HTTP call after the other to Google's APIs: connections kept open, tokens put in, passing troubles tried again."""

from __future__ import annotations

import http.client
import json
import random
import ssl
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from errno import EACCES, ECANCELED, EIO, ENOENT
from typing import Any, Protocol
from urllib.parse import urlsplit

_TIMEOUT_SECONDS = 30.0
_FIRST_PAUSE_SECONDS = 0.3
_LONGEST_PAUSE_SECONDS = 8.0
_LOOK_SECONDS = 0.1
#: Whoever calls has a longer patience of its own and says so in the log; this only spares it the short troubles.
_PATIENCE_SECONDS = 20.0
_PASSING = frozenset({408, 425, 429, 500, 502, 503, 504})
_LONGEST_REASON = 300

Headers = Mapping[str, str]


class Tokens(Protocol):
    def get(self) -> str: ...

    def forget(self, token: str) -> None:
        """The server did not take it."""
        ...


@dataclass(frozen=True)
class Answer:
    status: int
    #: Names in small letters.
    headers: dict[str, str]
    body: bytes

    def json(self) -> Any:
        try:
            return json.loads(self.body)
        except ValueError as error:
            raise Passing(f"answered what is not JSON: {error}") from error


class Passing(OSError):
    """May go well in a moment."""

    def __init__(self, text: str, after_seconds: float = 0.0) -> None:
        super().__init__(EIO, text)
        self.after_seconds = after_seconds


class Refused(OSError):
    """The server understood and will not do it."""

    def __init__(self, status: int, text: str) -> None:
        super().__init__(EACCES if status in (401, 403) else EIO, text)
        self.status = status


class BrokenOff(OSError):
    """The machine is told to end: nothing is tried again."""

    def __init__(self, text: str) -> None:
        super().__init__(ECANCELED, text)


class Calls:
    """Safe to use from several threads: each has a connection of its own to each server."""

    def __init__(
        self,
        tokens: Tokens,
        told_to_end: Callable[[], bool],
        patience_seconds: float = _PATIENCE_SECONDS,
        timeout_seconds: float = _TIMEOUT_SECONDS,
    ) -> None:
        self._tokens = tokens
        self._told_to_end = told_to_end
        self._patience = patience_seconds
        self._timeout = timeout_seconds
        self._kept = threading.local()

    def call(
        self,
        method: str,
        url: str,
        body: bytes = b"",
        headers: Headers | None = None,
        *,
        fine: tuple[int, ...] = (200, 204),
    ) -> Answer:
        """The answer, if its status is `fine`; else what is wrong as an OSError, FileNotFoundError where it is not there."""

        def once() -> Answer:
            with self.open(method, url, body, headers, fine=fine) as answer:
                return Answer(answer.status, answer.headers, answer.read())

        return self.patiently(once)

    def patiently(self, act: Callable[[], Any]) -> Any:
        """Does it again where the trouble may pass."""
        until = time.monotonic() + self._patience
        pause = _FIRST_PAUSE_SECONDS
        while True:
            try:
                return act()
            except Passing as error:
                wait = max(error.after_seconds, pause * random.uniform(0.5, 1.0))
                if time.monotonic() + wait > until:
                    raise
                self.pause(wait, error)
            pause = min(_LONGEST_PAUSE_SECONDS, pause * 2)

    def pause(self, seconds: float, why: OSError) -> None:
        until = time.monotonic() + seconds
        while True:
            if self._told_to_end():
                raise BrokenOff(f"{why}, and the machine is told to end") from why
            left = until - time.monotonic()
            if left <= 0:
                return
            time.sleep(min(_LOOK_SECONDS, left))

    def open(
        self,
        method: str,
        url: str,
        body: bytes = b"",
        headers: Headers | None = None,
        *,
        fine: tuple[int, ...],
        repeatable: bool = True,
    ) -> OpenAnswer:
        """Tries once; the body of the answer is still to be read. What is not `repeatable` is sent on one connection only."""
        token = self._tokens.get()
        all_headers = {"Authorization": f"Bearer {token}", "Content-Length": str(len(body)), **(headers or {})}
        connection, response = self._send(method, url, body, all_headers, repeatable)
        answer = OpenAnswer(url, connection, response, self._drop)
        if response.status in fine:
            return answer
        with answer:
            reason = _reason_of(response)
        if response.status == 401:
            self._tokens.forget(token)
            raise Passing(f"{_what(method, url)} is not authorized: {reason}")
        raise _error(response, f"{_what(method, url)} answers {response.status}: {reason}")

    def _send(
        self, method: str, url: str, body: bytes, headers: Headers, repeatable: bool
    ) -> tuple[http.client.HTTPConnection, http.client.HTTPResponse]:
        parts = urlsplit(url)
        target = f"{parts.path}?{parts.query}" if parts.query else parts.path
        place = (parts.scheme, parts.netloc)
        kept: dict[tuple[str, str], http.client.HTTPConnection] = self._kept.__dict__.setdefault("connections", {})
        while True:
            connection = kept.pop(place, None)
            is_new = connection is None
            connection = connection or self._connection(parts.scheme, parts.netloc)
            try:
                connection.request(method, target, body, dict(headers))
                response = connection.getresponse()
            except (OSError, http.client.HTTPException) as error:
                connection.close()
                if repeatable and not is_new and not isinstance(error, TimeoutError):
                    continue  # most likely the server had closed it in the meantime
                raise Passing(f"{parts.netloc} cannot be reached: {error!r}") from error
            kept[place] = connection
            return connection, response

    def _drop(self, connection: http.client.HTTPConnection) -> None:
        connection.close()
        kept: dict[Any, http.client.HTTPConnection] = self._kept.__dict__.get("connections", {})
        for place, one in list(kept.items()):
            if one is connection:
                del kept[place]

    def _connection(self, scheme: str, netloc: str) -> http.client.HTTPConnection:
        if scheme == "https":
            return http.client.HTTPSConnection(netloc, timeout=self._timeout, context=ssl.create_default_context())
        return http.client.HTTPConnection(netloc, timeout=self._timeout)


class OpenAnswer:
    """An answer whose body is being read; a connection that was not read to its end is not used again."""

    def __init__(
        self,
        url: str,
        connection: http.client.HTTPConnection,
        response: http.client.HTTPResponse,
        drop: Callable[[http.client.HTTPConnection], None],
    ) -> None:
        self.status = response.status
        self.headers = {name.lower(): value for name, value in response.getheaders()}
        self._place = urlsplit(url).netloc
        self._connection = connection
        self._response = response
        self._drop = drop

    def read(self, size: int | None = None) -> bytes:
        try:
            return self._response.read(size)
        except (OSError, http.client.HTTPException) as error:
            raise Passing(f"{self._place} broke off its answer: {error!r}") from error

    def __enter__(self) -> OpenAnswer:
        return self

    def __exit__(self, *_: object) -> None:
        if not self._response.isclosed():
            self._drop(self._connection)


def _what(method: str, url: str) -> str:
    """Without the query: an upload's address carries what lets others write."""
    parts = urlsplit(url)
    return f"{method} {parts.netloc}{parts.path}"


def _error(response: http.client.HTTPResponse, text: str) -> OSError:
    if response.status in _PASSING:
        try:
            after = float(response.headers.get("Retry-After") or 0)
        except ValueError:
            after = 0.0
        return Passing(text, min(max(after, 0.0), _LONGEST_PAUSE_SECONDS))
    if response.status in (404, 410):
        return FileNotFoundError(ENOENT, text)
    return Refused(response.status, text)


def _reason_of(response: http.client.HTTPResponse) -> str:
    try:
        body = response.read().decode("utf-8", "replace")
    except (OSError, http.client.HTTPException):
        return "(no reason)"
    try:
        error = json.loads(body)["error"]
        body = error["message"] if isinstance(error, dict) else str(error)
    except (ValueError, TypeError, KeyError):
        pass
    return " ".join(body.split())[:_LONGEST_REASON] or "(no reason)"
