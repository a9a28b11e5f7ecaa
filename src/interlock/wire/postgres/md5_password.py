"""The MD5 login, the client's side (PostgreSQL documentation, "Password Authentication").

It is broken: who sees the exchange can find the password, and who has the server's table can log in. For servers that
can't do SCRAM yet, and only where the settings say so.
"""

from __future__ import annotations

import hashlib

from interlock.model.secret import Secret


def md5_response(user: str, password: Secret[str], salt: bytes) -> Secret[str]:
    """What goes into the PasswordMessage; `salt` has four bytes."""
    inner = _hex((password.reveal() + user).encode())
    return Secret("md5" + _hex(inner.encode() + salt))


def _hex(data: bytes) -> str:
    return hashlib.md5(data, usedforsecurity=False).hexdigest()
