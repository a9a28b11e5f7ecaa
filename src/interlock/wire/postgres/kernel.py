"""The row kernel: the loops that every bulk row passes, compiled where a C compiler was there when this was installed.

    rows.py        masking DataRow messages
    frames.py      cutting the stream by its headers
    copy_rows.py   masking plain CopyData rows

`setup.py` compiles these very files with Cython, by the types that the `.pxd` files beside them tell; nothing needs
Cython once that is done. Where they couldn't be compiled, the same files run as Python: the same bytes, four times
slower.
"""

from __future__ import annotations

from interlock.wire.postgres import copy_rows, frames, rows

COMPILED = not any((module.__file__ or "").endswith(".py") for module in (rows, frames, copy_rows))
"""Whether all of it is compiled."""
