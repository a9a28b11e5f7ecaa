"""Compiles the row kernel where that is possible; everything else about the package is in pyproject.toml.

Its modules are Python files that run as they are, too. So whatever goes wrong here costs speed and nothing else:
without Cython or a C compiler the package installs all the same (`interlock.wire.postgres.kernel.COMPILED` tells).
"""

from __future__ import annotations

import os
import sys
from pathlib import Path

from setuptools import Extension, setup
from setuptools.command.build_ext import build_ext

PACKAGE = "interlock.wire.postgres"
KERNEL = ("rows", "frames", "copy_rows")


def kernel() -> list[Extension]:
    """The kernel's modules as extensions that may fail; none of them when they can't even be translated to C."""
    folder = Path("src", *PACKAGE.split("."))
    quickly = ["-O2", "-g0"] if os.name == "posix" else []  # half the time that the usual flags take
    wanted = [
        Extension(f"{PACKAGE}.{name}", [str(folder / f"{name}.py")], extra_compile_args=quickly, optional=True)
        for name in KERNEL
    ]
    try:
        from Cython.Build import cythonize

        # Annotations are Python's own: the types that C needs stand in the .pxd files.
        directives = {"language_level": 3, "annotation_typing": False}
        made: list[Extension] = cythonize(
            wanted, build_dir="build/kernel", compiler_directives=directives, force=True, quiet=True
        )
        return made
    except Exception as error:
        print(f"the row kernel isn't compiled ({type(error).__name__}); it runs as Python", file=sys.stderr)
        return []


class BuildKernel(build_ext):
    """Setuptools' own `optional` takes errors of a compiler, but not one that isn't there."""

    def build_extensions(self) -> None:
        """Compiles each module, or says why not and goes on without it."""
        for extension in list(self.extensions):
            try:
                self.build_extension(extension)
            except Exception as error:
                print(f"{extension.name} isn't compiled ({type(error).__name__}); it runs as Python", file=sys.stderr)
                self.extensions.remove(extension)


setup(ext_modules=kernel(), cmdclass={"build_ext": BuildKernel})
