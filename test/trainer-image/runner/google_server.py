"""A small server that speaks the wire formats of Google's APIs and of a metadata server, and can be told to misbehave."""

from __future__ import annotations

import base64
import hashlib
import json
import re
import threading
import time
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

PAGE = 3


@dataclass
class Fault:
    """`status` is answered; `cut`: the connection is closed in the middle of the answer; `lost`: before any answer,
    though what was asked is done; `seconds`: it takes so long."""

    pattern: str
    times: int = 1
    status: int = 0
    cut: bool = False
    lost: bool = False
    seconds: float = 0.0


@dataclass
class Stored:
    data: bytes
    generation: int
    md5: bool = True


@dataclass
class World:
    bucket: str = "job-bucket"
    objects: dict[str, Stored] = field(default_factory=dict)
    messages: list[dict[str, Any]] = field(default_factory=list)
    instances: set[str] = field(default_factory=lambda: {"ty-m"})
    attributes: dict[str, str] = field(default_factory=dict)
    preempted: str = "FALSE"
    maintenance: str = "NONE"
    tokens_given: int = 0
    token_lasts: float = 3600
    #: A token is good for as long as nobody has said otherwise.
    refused_tokens: set[str] = field(default_factory=set)
    faults: list[Fault] = field(default_factory=list)
    asked: list[str] = field(default_factory=list)
    sessions: dict[str, tuple[str, int, bytearray, str]] = field(default_factory=dict)
    generation: int = 1000
    bytes_served: int = 0

    def __post_init__(self) -> None:
        self.lock = threading.RLock()
        self.changed = threading.Condition(self.lock)

    def put(self, name: str, data: bytes, md5: bool = True) -> Stored:
        with self.lock:
            self.generation += 1
            self.objects[name] = Stored(data, self.generation, md5)
            return self.objects[name]

    def set_notice(self, *, preempted: str | None = None, maintenance: str | None = None) -> None:
        with self.changed:
            self.preempted = preempted or self.preempted
            self.maintenance = maintenance or self.maintenance
            self.changed.notify_all()

    def times(self, pattern: str) -> int:
        with self.lock:
            return sum(1 for asked in self.asked if re.search(pattern, asked))

    def records(self) -> list[bytes]:
        """Every record that was published, in the order of their coming."""
        with self.lock:
            data = b"".join(base64.b64decode(message["data"]) for message in self.messages)
        return data.splitlines(keepends=True)

    def take_fault(self, asked: str) -> Fault | None:
        with self.lock:
            self.asked.append(asked)
            for fault in self.faults:
                if fault.times > 0 and re.search(fault.pattern, asked):
                    fault.times -= 1
                    return fault
        return None


def md5_of(data: bytes) -> str:
    return base64.b64encode(hashlib.md5(data).digest()).decode()


class GoogleServer:
    def __init__(self) -> None:
        self.world = World()
        world = self.world

        class Handler(_Handler):
            pass

        Handler.world = world
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self.host = f"127.0.0.1:{self._server.server_address[1]}"
        self.endpoint = f"http://{self.host}"
        threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True).start()

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()


class _Handler(BaseHTTPRequestHandler):
    world: World
    protocol_version = "HTTP/1.1"
    timeout = 120

    def log_message(self, format: str, *args: Any) -> None:
        del format, args

    def _handle(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        fault = self.world.take_fault(f"{self.command} {self.path}")
        if fault and fault.seconds:
            time.sleep(fault.seconds)
        if fault and fault.status:
            self._answer(fault.status, {"error": {"code": fault.status, "message": "told to misbehave"}})
            return
        self._cut = fault is not None and fault.cut
        self._lost = fault is not None and fault.lost
        parts = urlsplit(self.path)
        query = {name: values[-1] for name, values in parse_qs(parts.query, keep_blank_values=True).items()}
        if parts.path.startswith("/computeMetadata/"):
            self._metadata(parts.path.removeprefix("/computeMetadata/v1/"), query)
            return
        token = (self.headers.get("Authorization") or "").removeprefix("Bearer ")
        if not token.startswith("token-") or token in self.world.refused_tokens:
            self._answer(401, {"error": {"code": 401, "message": "Invalid Credentials"}})
            return
        with self.world.lock:
            self._api(parts.path, query, body)

    do_GET = do_POST = do_PUT = do_DELETE = _handle

    def _metadata(self, path: str, query: dict[str, str]) -> None:
        world = self.world
        if self.headers.get("Metadata-Flavor") != "Google":
            self._answer(403, {})
        elif path == "instance/service-accounts/default/token":
            with world.lock:
                world.tokens_given += 1
                token = f"token-{world.tokens_given}"
            self._answer(200, {"access_token": token, "expires_in": world.token_lasts, "token_type": "Bearer"})
        elif path in ("instance/preempted", "instance/maintenance-event"):
            look = lambda: world.preempted if path.endswith("preempted") else world.maintenance  # noqa: E731
            with world.changed:
                if "wait_for_change" in query:
                    world.changed.wait_for(lambda: f"e-{look()}" != query.get("last_etag"), 5)
                self._text(200, look(), {"ETag": f"e-{look()}"})
        elif path in (
            known := {
                "project/project-id": "yard",
                "instance/zone": "projects/42/zones/zone-a",
                "instance/name": "ty-m",
            }
        ):
            self._text(200, known[path], {})
        elif path.startswith("instance/attributes/") and path.rpartition("/")[2] in world.attributes:
            self._text(200, world.attributes[path.rpartition("/")[2]], {})
        else:
            self._answer(404, {})

    def _api(self, path: str, query: dict[str, str], body: bytes) -> None:
        world = self.world
        objects = f"/storage/v1/b/{world.bucket}/o"
        if path == f"/upload{objects}":
            self._upload(query, body)
        elif path == objects:
            names = sorted(name for name in world.objects if name.startswith(query.get("prefix", "")))
            begin = int(query.get("pageToken") or 0)
            more = {"nextPageToken": str(begin + PAGE)} if begin + PAGE < len(names) else {}
            self._answer(200, {"items": [{"name": name} for name in names[begin : begin + PAGE]], **more})
        elif path.startswith(f"{objects}/"):
            self._object(unquote(path.removeprefix(f"{objects}/")), query)
        elif re.fullmatch(r"/v1/projects/yard/topics/job-topic:publish", path):
            messages = json.loads(body)["messages"]
            world.messages += messages
            self._answer(200, {"messageIds": [str(index) for index in range(len(messages))]})
        elif match := re.fullmatch(r"/compute/v1/projects/yard/zones/zone-a/instances/([^/]+)", path):
            if self.command == "DELETE" and match[1] in world.instances:
                world.instances.discard(match[1])
                self._answer(200, {"kind": "compute#operation", "status": "RUNNING"})
            else:
                self._answer(404, {"error": {"code": 404, "message": f"{match[1]} was not found"}})
        else:
            self._answer(404, {"error": {"code": 404, "message": f"nothing at {path}"}})

    def _object(self, name: str, query: dict[str, str]) -> None:
        stored = self.world.objects.get(name)
        if stored is None:
            self._answer(404, {"error": {"code": 404, "message": f"No such object: {name}"}})
        elif self.command == "DELETE":
            del self.world.objects[name]
            self._text(204, "", {})
        elif query.get("alt") == "media":
            begin = int((self.headers.get("Range") or "bytes=0-").removeprefix("bytes=").rstrip("-"))
            headers = {"X-Goog-Generation": str(stored.generation), "X-Goog-Metageneration": "1"}
            self._bytes(206 if begin else 200, stored.data[begin:], headers)
        else:
            self._answer(200, self._facts(name, stored))

    def _facts(self, name: str, stored: Stored) -> dict[str, Any]:
        facts = {"name": name, "size": str(len(stored.data)), "generation": str(stored.generation)}
        return {**facts, "metageneration": "1", **({"md5Hash": md5_of(stored.data)} if stored.md5 else {})}

    def _upload(self, query: dict[str, str], body: bytes) -> None:
        world = self.world
        if query["uploadType"] == "multipart":
            mark = (self.headers.get("Content-Type") or "").partition("boundary=")[2].encode()
            _, first, second, _ = body.split(b"--" + mark)
            facts = json.loads(first.partition(b"\r\n\r\n")[2])
            self._keep(facts["name"], second.partition(b"\r\n\r\n")[2].removesuffix(b"\r\n"), facts["md5Hash"])
        elif "upload_id" not in query:
            facts = json.loads(body)
            session = f"s{len(world.sessions)}"
            size = int(self.headers["X-Upload-Content-Length"])
            world.sessions[session] = (facts["name"], size, bytearray(), facts["md5Hash"])
            where = f"http://{self.headers['Host']}{urlsplit(self.path).path}?uploadType=resumable&upload_id={session}"
            self._text(200, "", {"Location": where})
        elif query["upload_id"] not in world.sessions:
            self._answer(410, {"error": {"code": 410, "message": "the session is gone"}})
        else:
            name, size, kept, md5 = world.sessions[query["upload_id"]]
            told = self.headers["Content-Range"].removeprefix("bytes ").partition("/")[0]
            if told != "*":
                assert int(told.partition("-")[0]) == len(kept), "a part that does not join on"
                kept += body
            if len(kept) == size:
                self._keep(name, bytes(kept), md5)
            else:
                self._text(308, "", {"Range": f"bytes=0-{len(kept) - 1}"} if kept else {})

    def _keep(self, name: str, data: bytes, md5: str) -> None:
        if md5_of(data) != md5:
            self._answer(400, {"error": {"code": 400, "message": "Provided MD5 hash does not match"}})
            return
        self._answer(200, self._facts(name, self.world.put(name, data)))

    def _answer(self, status: int, value: Any) -> None:
        self._bytes(status, json.dumps(value).encode(), {"Content-Type": "application/json"})

    def _text(self, status: int, text: str, headers: dict[str, str]) -> None:
        self._bytes(status, text.encode(), headers)

    def _bytes(self, status: int, data: bytes, headers: dict[str, str]) -> None:
        if getattr(self, "_lost", False):
            self.close_connection = True
            return
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        if status != 204:
            self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.world.bytes_served += len(data) // 2 if getattr(self, "_cut", False) else len(data)
        if getattr(self, "_cut", False):
            self.wfile.write(data[: len(data) // 2])
            self.close_connection = True
        elif status != 204:
            self.wfile.write(data)
