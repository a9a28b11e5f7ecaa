"""A server of the older era in plain Python, for machines where the user it runs as can't read ours; and a bad one.

`plain.py [mode]`: what it does when a tool is called (or, for `silent`, at all).
"""

from __future__ import annotations

import json
import os
import resource
import signal
import subprocess
import sys
import time
from pathlib import Path

LOOPING = [sys.executable, "-c", "import time\nwhile True: time.sleep(60)"]


def answer(number: int, result: object) -> None:
    print(json.dumps({"jsonrpc": "2.0", "id": number, "result": result}), flush=True)


def call(mode: str, number: int) -> None:
    if mode == "hang":
        time.sleep(3600)
    elif mode == "die":
        sys.stderr.write("Mrs Canary\n")
        os._exit(7)
    elif mode == "junk":
        print("Mrs Canary {", flush=True)
    elif mode == "unknown":
        answer(number + 40, {})
    elif mode == "huge":
        sys.stdout.write("x" * (17 * 1024 * 1024))
        sys.stdout.flush()
    elif mode == "type":
        print(json.dumps({"jsonrpc": "2.0", "id": number, "result": ["Mrs Canary"]}), flush=True)
    elif mode == "error":
        error = {"code": -32000, "message": "Mrs Canary", "data": {"who": "Canary"}}
        print(json.dumps({"jsonrpc": "2.0", "id": number, "error": error}), flush=True)
    elif mode == "children":
        group = subprocess.Popen(LOOPING, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL)
        own = subprocess.Popen(LOOPING, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, start_new_session=True)
        tell(number, {"pids": [os.getpid(), group.pid, own.pid]})
    else:
        with Path("/proc/self/status").open() as status:
            nnp = [line.split()[1] for line in status if line.startswith("NoNewPrivs")]
        told = {
            "environ": dict(os.environ),
            "uid": os.getuid(),
            "groups": os.getgroups(),
            "cwd": str(Path.cwd()),
            "files": files(),
            "core": resource.getrlimit(resource.RLIMIT_CORE),
            "no_new_privs": nnp,
        }
        tell(number, told)


def files() -> dict[str, str]:
    found = {}
    for entry in Path("/proc/self/fd").iterdir():
        try:
            found[entry.name] = str(entry.readlink())
        except OSError:
            continue
    return found


def tell(number: int, told: object) -> None:
    answer(number, {"content": [{"type": "text", "text": json.dumps(told)}]})


def main() -> None:
    mode = sys.argv[1] if len(sys.argv) > 1 else ""
    if mode == "stubborn":
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
        mode = "hang"
    if mode == "banner":
        print("Welcome!", flush=True)
    if mode == "noisy":
        sys.stderr.write("Mrs Canary\n" * 100_000)
    for line in sys.stdin:
        asked = json.loads(line)
        method, number = asked["method"], asked.get("id")
        if mode == "silent" or number is None:
            continue
        if method == "initialize":
            info = {"name": "plain", "version": "1"}
            version = asked["params"]["protocolVersion"]
            answer(number, {"protocolVersion": version, "capabilities": {"tools": {}}, "serverInfo": info})
        elif method == "tools/call":
            call(mode, number)
        elif method == "tools/list":
            answer(number, {"tools": [{"name": "call", "inputSchema": {"type": "object"}}]})
        else:
            error = {"code": -32601, "message": "Method not found"}
            print(json.dumps({"jsonrpc": "2.0", "id": number, "error": error}), flush=True)


main()
