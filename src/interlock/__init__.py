"""Interlock: the gateway between AI agents and the systems they act on.

`Detector` and `Masker` are the detection engine as a library (`app/library.py`), loaded when they are asked for; their
types are in `__init__.pyi`.
"""

from __future__ import annotations

from importlib import import_module
from typing import Any

__all__ = ["Detector", "Masker", "__version__"]

__version__ = "0.1.0"


def __getattr__(name: str) -> Any:
    if name in ("Detector", "Masker"):
        return getattr(import_module("interlock.app.library"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
