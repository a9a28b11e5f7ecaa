from __future__ import annotations

from interlock.masking.rules.null import null
from interlock.masking.rules.redact import redact
from interlock.model.label import Label


def test_redact_puts_the_token_and_keeps_null_where_told() -> None:
    assert redact([Label("phi.mrn")], keeps_null=True)(b"x") == b"[phi.mrn]"
    assert redact([Label("phi.mrn")], keeps_null=True)(None) is None
    assert redact([Label("phi.mrn")], keeps_null=False)(None) == b"[phi.mrn]"


def test_null_puts_null() -> None:
    for keeps_null in (True, False):
        assert null(keeps_null)(b"x") is None
        assert null(keeps_null)(None) is None
