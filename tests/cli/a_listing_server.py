"""An MCP server (2025-11-25, stdio) that lists the tools of a file and can nothing else."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

SERVER = {"name": "listing", "version": "1"}
WHAT = {"protocolVersion": "2025-11-25", "capabilities": {"tools": {}}, "serverInfo": SERVER}


def main(file: Path) -> None:
    for line in sys.stdin:
        asked: dict[str, Any] = json.loads(line)
        results = {"initialize": WHAT, "tools/list": {"tools": json.loads(file.read_text())}, "ping": {}}
        if "id" not in asked:
            continue
        answer: dict[str, Any] = {"jsonrpc": "2.0", "id": asked["id"]}
        if asked["method"] in results:
            answer["result"] = results[asked["method"]]
        else:
            answer["error"] = {"code": -32601, "message": "there is no such method"}
        sys.stdout.write(json.dumps(answer) + "\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main(Path(sys.argv[1]))
