"""The Python files of the row kernel, and a finder that takes them though compiled ones lie beside them."""

from __future__ import annotations

from collections.abc import Sequence
from importlib.machinery import ModuleSpec
from importlib.util import spec_from_file_location
from pathlib import Path
from types import ModuleType

PACKAGE = "interlock.wire.postgres"
KERNEL = ("rows", "frames", "copy_rows")
FOLDER = Path(__file__).resolve().parents[3].joinpath("src", *PACKAGE.split("."))


class Sources:
    """Finds the kernel's modules in their Python files."""

    def find_spec(
        self, name: str, path: Sequence[str] | None = None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        """For the modules of the kernel alone."""
        package, _, module = name.rpartition(".")
        if package != PACKAGE or module not in KERNEL:
            return None
        return spec_from_file_location(name, FOLDER / f"{module}.py")
