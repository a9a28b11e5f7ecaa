"""The npm package `adaptivecards`, where node and npm are: fetched into a folder of this run, nothing is kept."""

from __future__ import annotations

import json
import shutil
import subprocess
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

VERSION = "3.0.6"
SECONDS = 120

_PARSE = """
const AC = require("adaptivecards/dist/adaptivecards.js");
const cards = JSON.parse(require("fs").readFileSync(0, "utf8"));
console.log(JSON.stringify(cards.map((json) => {
  const context = new AC.SerializationContext(AC.Versions.v1_5), events = [];
  const card = new AC.AdaptiveCard();
  card.parse(json, context);
  for (let i = 0; i < context.eventCount; i++) events.push(context.getEventAt(i).message);
  for (const each of card.validateProperties().validationEvents) events.push(each.message);
  return {events, version: card.version.toString(), items: card.getItemCount(), actions: card.getActionCount(),
          refreshed: card.refresh ? card.refresh.userIds.length : 0};
})));
"""


def fetched(folder: Path) -> Path:
    """The folder with the package in it; skips the test, and says so, where it isn't to be had."""
    node, npm = shutil.which("node"), shutil.which("npm")
    if node is None or npm is None:
        pytest.skip("SKIPPED FOR WANT OF NODE: no card was read by the renderer that Teams' clients descend from")
    command = [npm, "install", "--prefix", str(folder), "--ignore-scripts", "--no-audit", "--no-fund", "--no-save"]
    try:
        done = subprocess.run([*command, f"adaptivecards@{VERSION}"], capture_output=True, timeout=SECONDS, check=False)
    except subprocess.TimeoutExpired:
        done = None
    if done is None or done.returncode != 0:
        pytest.skip("SKIPPED FOR WANT OF A REGISTRY: npm couldn't fetch adaptivecards, so no card was read by it")
    return folder


def parsed(folder: Path, cards: Sequence[Any]) -> list[dict[str, Any]]:
    """What the package says of each card, read for version 1.5."""
    node = shutil.which("node")
    assert node is not None
    done = subprocess.run(
        [node, "-e", _PARSE],
        cwd=folder,
        input=json.dumps(cards).encode(),
        capture_output=True,
        timeout=SECONDS,
        check=True,
    )
    found: list[dict[str, Any]] = json.loads(done.stdout)
    return found
