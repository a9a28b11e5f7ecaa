"""What lineage remembers of views and functions (being written by A1: overwrite this file)."""

from __future__ import annotations


class Expansions:
    """Nothing yet."""
