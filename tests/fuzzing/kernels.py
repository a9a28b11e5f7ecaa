"""The row kernel as it is imported (compiled, where it is built) and, beside it, its Python files."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from importlib.util import module_from_spec, spec_from_file_location
from types import ModuleType

from tests.wire.postgres.kernel_files import FOLDER

from interlock.wire.postgres import copy_rows, frames, kernel, rows


def _as_python(module: ModuleType) -> ModuleType:
    name = module.__name__.rpartition(".")[2]
    spec = spec_from_file_location(f"fuzzed_python_{name}", FOLDER / f"{name}.py")
    assert spec is not None and spec.loader is not None
    made = module_from_spec(spec)
    sys.modules[spec.name] = made  # dataclasses look their module up
    spec.loader.exec_module(made)
    return made


VARIANTS: Mapping[str, tuple[ModuleType, ...]] = {
    module.__name__.rpartition(".")[2]: (module, _as_python(module)) if kernel.COMPILED else (module,)
    for module in (rows, frames, copy_rows)
}
"""By module: all there are of it."""

COMPILED = kernel.COMPILED
