"""Does what `input/stand-in.json` in the bucket says, and speaks as the runner does on Google Cloud.

By the REST calls alone: whether the house reads what a machine says must not hang on the runner's own code.
"""

import base64
import json
import os
import subprocess
import sys
import time
import urllib.parse
import urllib.request
import zlib

metadata = f"http://{os.environ['GCE_METADATA_HOST']}/computeMetadata/v1/instance"


def ask(url: str, body: bytes | None = None, headers: dict[str, str] | None = None) -> bytes:
    with urllib.request.urlopen(urllib.request.Request(url, data=body, headers=headers or {})) as answer:
        return answer.read()


def told_by_metadata(path: str) -> bytes:
    return ask(f"{metadata}/{path}", headers={"Metadata-Flavor": "Google"})


env: dict[str, str] = json.loads(told_by_metadata("attributes/trainyard-environment"))
token = json.loads(told_by_metadata("service-accounts/default/token"))["access_token"]
signed = {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}
endpoint = env["TRAINYARD_ENDPOINT"]
bucket = urllib.parse.urlsplit(env["TRAINYARD_BUCKET"]).netloc
topic = urllib.parse.urlsplit(env["TRAINYARD_SIGNALS"])
attempt = env["TRAINYARD_ATTEMPT"]


def read(name: str) -> bytes:
    quoted = urllib.parse.quote(name, safe="")
    return ask(f"{endpoint}/storage/v1/b/{bucket}/o/{quoted}?alt=media", headers=signed)


def upload(name: str, content: bytes) -> None:
    quoted = urllib.parse.quote(name, safe="")
    where = f"{endpoint}/upload/storage/v1/b/{bucket}/o?uploadType=media&name={quoted}"
    ask(where, content, {**signed, "Content-Type": "application/octet-stream"})


def publish(records: list[bytes], first: int) -> None:
    message = {
        "data": base64.b64encode(b"".join(records)).decode(),
        "attributes": {"attempt": attempt, "first": str(first), "last": str(first + len(records) - 1)},
        "orderingKey": f"attempt-{attempt}",
    }
    where = f"{endpoint}/v1/projects/{topic.netloc}/topics{topic.path}:publish"
    ask(where, json.dumps({"messages": [message]}).encode(), signed)


told = json.loads(read("input/stand-in.json"))
print("environment:", json.dumps(sorted(env)), flush=True)

if told.get("strays"):
    sleep = [sys.executable, "-c", "import time; time.sleep(300)"]
    subprocess.Popen(sleep)
    stubborn = "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); time.sleep(300)"
    subprocess.Popen([sys.executable, "-c", stubborn])
    for _ in range(4):
        subprocess.Popen(sleep)

said: list[bytes] = []
waiting: list[bytes] = []
silent = set(told.get("unsaid", []))
for seq in range(1, told.get("say", 0) + 1):
    event = {"seq": seq, "atMs": int(time.time() * 1000), "type": "log", "stream": "out", "text": f"line {seq}"}
    body = json.dumps(event).encode()
    record = b"%08x %s\n" % (zlib.crc32(body), body)
    said.append(record)
    waiting.append(record)
    last = seq == told["say"]
    if told.get("pause") or last or len(waiting) == 100:
        first = seq - len(waiting) + 1
        if first not in silent:
            publish(waiting, first)
        waiting = []
    time.sleep(told.get("pause", 0))

if told.get("exit") is not None:
    size = told.get("segment", 1000)
    for start in range(0, len(said), size):
        upload(f"attempts/{attempt}/spool/{start + 1:012d}.jsonl", b"".join(said[start : start + size]))
    sys.exit(told["exit"])
print("sleeping", flush=True)
time.sleep(300)
