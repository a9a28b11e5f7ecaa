"""The composition root: the only package that knows every concrete class.

Its names are imported when they are asked for: the gateway takes seconds to import, and `interlock detect` needs none
of it.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from interlock.app.assembly import (
        OPERATOR_TOKEN,
        SIGNER_STATE,
        STORE,
        Assembly,
        load_pinned_keys,
        opened,
        store_path,
    )
    from interlock.app.beginning import unsafe_pin, unsafe_reset_signer
    from interlock.app.logs import set_up_logs
    from interlock.app.serving import serve

__all__ = [
    "OPERATOR_TOKEN",
    "SIGNER_STATE",
    "STORE",
    "Assembly",
    "load_pinned_keys",
    "opened",
    "serve",
    "set_up_logs",
    "store_path",
    "unsafe_pin",
    "unsafe_reset_signer",
]

_WHERE = {
    **dict.fromkeys(("unsafe_pin", "unsafe_reset_signer"), "beginning"),
    **dict.fromkeys(
        ("OPERATOR_TOKEN", "SIGNER_STATE", "STORE", "Assembly", "load_pinned_keys", "opened", "store_path"), "assembly"
    ),
    "set_up_logs": "logs",
    "serve": "serving",
}


def __getattr__(name: str) -> Any:
    if name not in _WHERE:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_WHERE[name]}"), name)
