"""The composition root: the only package that knows every concrete class."""

from interlock.app.beginning import unsafe_pin, unsafe_reset_signer
from interlock.app.core import OPERATOR_TOKEN, SIGNER_STATE, STORE, Core, load_pinned_keys, opened, store_path
from interlock.app.logs import set_up_logs
from interlock.app.serving import serve

__all__ = [
    "OPERATOR_TOKEN",
    "SIGNER_STATE",
    "STORE",
    "Core",
    "load_pinned_keys",
    "opened",
    "serve",
    "set_up_logs",
    "store_path",
    "unsafe_pin",
    "unsafe_reset_signer",
]
