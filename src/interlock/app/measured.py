"""What the benchmark measured of this engine: the share of what should be found that was."""

from __future__ import annotations

import json
from importlib.resources import files
from typing import Final

FILE: Final = "measured_recall.json"
"""In `sensitivity`; the benchmark writes it: {"engine": "0.1.0", "recall": {"name of the set": 0.97}}."""

_NOT_MEASURED: Final = "The recall of this version of the engine wasn't measured."
_NEVER_ALL: Final = "Recall is never 1: look at what comes out before you share it."


def recall_line() -> str:
    """For whoever gets something masked: the measured recall, set by set."""
    try:
        found = json.loads(files("interlock.sensitivity").joinpath(FILE).read_text(encoding="utf-8"))
        sets = ", ".join(f"{float(value):.3f} ({name})" for name, value in found["recall"].items())
        version = str(found["engine"])
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return f"{_NOT_MEASURED} {_NEVER_ALL}"
    if not sets:
        return f"{_NOT_MEASURED} {_NEVER_ALL}"
    return f"Measured recall of engine {version}, by characters: {sets}. {_NEVER_ALL}"
