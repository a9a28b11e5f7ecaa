from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from interlock.masking.tokens import holds_token, keyed_token, own_tokens, token_of
from interlock.model.label import Label, parse_label

LABELS = st.from_regex(r"[a-z][a-z0-9_]{0,31}(\.[a-z0-9_]{1,32}){0,5}", fullmatch=True).map(parse_label)


@pytest.mark.parametrize(
    ("labels", "token"),
    [
        (["phi.mrn"], "[phi.mrn]"),
        (["phi"], "[phi.*]"),
        (["phi", "phi.mrn"], "[phi.mrn]"),
        (["phi.name.given", "phi.name.family"], "[phi.name.*]"),
        (["phi.name.given", "phi.name", "phi.address.zip"], "[phi.*]"),
        (["phi.name.given", "pci.pan", "phi.address.zip"], "[masked.*]"),
        (["phi", "pci"], "[masked.*]"),
    ],
)
def test_a_token_names_the_label_or_what_all_of_them_lie_under(labels: list[str], token: str) -> None:
    assert token_of(map(Label, labels)) == token
    assert token_of(map(Label, reversed(labels))) == token


@given(st.lists(LABELS, min_size=1, max_size=4), st.text(max_size=10), st.text(max_size=10))
def test_every_token_is_found_in_any_text(labels: list[Label], before: str, behind: str) -> None:
    token = token_of(labels)
    assert holds_token(before + token + behind)
    assert holds_token(token.upper())
    assert holds_token(b"\xff\x00" + token.encode() + b"\xfe")


@pytest.mark.parametrize(
    "text",
    [
        "[phi.mrn:K7Q4MVOUI3OEQIPOXIM5GTHFS4]",
        "[phi.mrn:k7q4mvoui3oeqipoxim5gthfs4",  # cut
        "[phi.*:K7Q4MVOUI3OEQIPOXIM5GTHFS4]",
        "see [phi.mrn:K7Q4...]",
        "see [phi.mrn:K7Q4\u2026]",
        "\uff3bphi.mrn\uff1aK7Q4MVOUI3OEQIPOXIM5GTHFS4\uff3d",
        b"\xff[phi.mrn:K7Q4MVOUI3OEQIPOXIM5GTHFS4",
    ],
)
def test_keyed_tokens_are_found_whole_cut_and_shortened(text: str | bytes) -> None:
    assert holds_token(text)


@pytest.mark.parametrize("text", ['{"mrn": "[phi.mrn]"}', "see [Phi.MRN].", "［phi．mrn］", b"[phi.mrn][phi.ssn]"])
def test_tokens_that_were_changed_a_little_are_found(text: str | bytes) -> None:
    assert holds_token(text)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "phi.mrn",
        "[0-9]",
        "[abc]",
        "a[i]",
        "[1.5]",
        "[]",
        "[phi.mrn",
        "[phi mrn]",
        "[.x]",
        b"\xff[",
        "[a..b]",
        "[app.log:12]",
        "[app.log:handler]",
    ],
)
def test_other_texts_arent_tokens(text: str | bytes) -> None:
    assert not holds_token(text)


@pytest.mark.parametrize(
    "token",
    [
        "[phi.mrn]",
        "[phi.*]",
        "[phi.name.*]",
        "[quasi.zip3]",
        "[phi.name#12]",
        "[pci.pan:*4242]",
        "[phi.name:J*]",
        "[phi.email:*@example.com]",
        keyed_token(Label("phi.mrn"), b"\1" * 20),
        keyed_token(Label("phi.mrn"), b"\1" * 48),
    ],
)
def test_own_tokens_are_told_from_values(token: str) -> None:
    assert list(own_tokens(f"see {token}, {token.upper()}")) == [
        (4, 4 + len(token)),
        (6 + len(token), 6 + 2 * len(token)),
    ]


@pytest.mark.parametrize(
    "text",
    [
        "[john.smith]",
        "[phi.219099999]",
        "[phi.x219099999]",
        "[phi.ssn#219099999]",
        "[phi.ssn:219-09-9999]",
        "[phi.ssn:*219-09-9999]",
        "[phi.name:John*]",
        "[phi.name:" + "A" * 26 + "]",
        "[phi.name:JOHNSMITHJOHNSMITHJOHNSMITHJOHN" + "A" * 10 + "]",
        "[phi.name: x]",
    ],
)
def test_what_could_hold_a_value_is_no_token_of_ours(text: str) -> None:
    assert list(own_tokens(text)) == []
