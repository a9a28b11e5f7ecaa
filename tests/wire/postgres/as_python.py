"""A pytest plugin (`-p tests.wire.postgres.as_python`): the row kernel as Python, also where it is compiled."""

from __future__ import annotations

import sys

from tests.wire.postgres.kernel_files import Sources

sys.meta_path.insert(0, Sources())
