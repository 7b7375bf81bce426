"""Does what `input/stand-in.json` in the bucket says, and speaks as the runner does (docs/trainer-contract.md)."""

import json
import os
import subprocess
import sys
import time
import zlib
from urllib.parse import unquote, urlsplit

bucket = unquote(urlsplit(os.environ["TRAINYARD_BUCKET"]).path)
signals = unquote(urlsplit(os.environ["TRAINYARD_SIGNALS"]).path)
spool = os.path.join(signals, f"attempt-{os.environ['TRAINYARD_ATTEMPT']}")
with open(os.path.join(bucket, "input", "stand-in.json")) as file:
    told = json.load(file)

print("environment:", json.dumps(sorted(os.environ)), flush=True)
print("work:", os.getcwd() == os.environ["TRAINYARD_WORK"], os.listdir("."), flush=True)

if told.get("strays"):
    sleep = [sys.executable, "-c", "import time; time.sleep(300)"]
    plain = {"PATH": os.environ["PATH"]}
    subprocess.Popen(sleep)
    # One that leaves the session and ignores being asked; one that has lost the mark; one that has lost both.
    stubborn = "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); time.sleep(300)"
    subprocess.Popen([sys.executable, "-c", stubborn], start_new_session=True)
    subprocess.Popen(sleep, env=plain)
    subprocess.Popen(sleep, env=plain, start_new_session=True)
    # An orphan: its parent ends at once.
    subprocess.run([sys.executable, "-c", f"import subprocess; subprocess.Popen({sleep!r}, start_new_session=True)"])

seq, segment = 0, None
for seq in range(1, told.get("say", 0) + 1):
    event = {"seq": seq, "atMs": int(time.time() * 1000), "type": "log", "stream": "out", "text": f"line {seq}"}
    body = json.dumps(event).encode()
    if (seq - 1) % told.get("segment", 1000) == 0:
        segment = os.open(os.path.join(spool, f"{seq:012d}.jsonl"), os.O_CREAT | os.O_APPEND | os.O_WRONLY)
    os.write(segment, b"%08x %s\n" % (zlib.crc32(body), body))
    time.sleep(told.get("pause", 0))

if told.get("exit") is not None:
    sys.exit(told["exit"])
print("sleeping", flush=True)
time.sleep(300)
