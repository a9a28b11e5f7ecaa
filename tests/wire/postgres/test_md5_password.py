from __future__ import annotations

from interlock.model.secret import Secret
from interlock.wire.postgres.md5_password import md5_response


def test_the_formula_of_the_documentation() -> None:
    """concat('md5', md5(concat(md5(concat(password, username)), random-salt))), worked out with md5sum."""
    found = md5_response("alice", Secret("pencil"), b"\x01\x02\x03\x04")
    assert found.reveal() == "md537cba386e8b90f1e3941a0e792722253"
    assert "md5" not in repr(found)
