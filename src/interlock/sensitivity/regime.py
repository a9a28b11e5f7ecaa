"""The regime under which a connection's findings are named: health care, or anything else."""

from __future__ import annotations

from collections.abc import Mapping
from enum import Enum
from types import MappingProxyType
from typing import Final

from interlock.model.connection import Connection
from interlock.model.label import Label


class Regime(Enum):
    """Whether what is found is protected health information or personal information outside health care."""

    PHI = "phi"
    PII = "pii"

    def name_of(self, label: Label) -> Label:
        """The label's twin under this regime; itself where it has none."""
        if self is Regime.PHI or not label.startswith("phi."):
            return label
        kind: str = label
        while kind not in _TWINS:
            kind, _, last = kind.rpartition(".")
            if not last:
                return label
        return _TWINS[kind]


def regime_of(connection: Connection) -> Regime:
    """Under which what is found on a connection is named."""
    return Regime.PHI if "hipaa" in connection.tags else Regime.PII


_TWINS: Final[Mapping[str, Label]] = MappingProxyType(
    {
        "phi.name": Label("pii.name"),
        "phi.email": Label("pii.email"),
        "phi.phone": Label("pii.phone"),
        "phi.fax": Label("pii.phone"),
        "phi.address": Label("pii.address"),
        "phi.ssn": Label("pii.ssn"),
        "phi.ip": Label("pii.ip"),
        "phi.date.birth": Label("pii.birth"),
    }
)
