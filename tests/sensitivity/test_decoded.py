"""What is written in another way is found, and as a whole (leaks.md, part two)."""

from __future__ import annotations

import base64
from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.a_detector import engine_of, found, marked

from interlock.sensitivity.decoded import unescaped
from interlock.sensitivity.detectors import account, email, mrn, phone, us_ssn

ENGINE = engine_of(us_ssn.DETECTOR, phone.DETECTOR, email.DETECTOR, mrn.DETECTOR, account.DETECTOR)
SECRET = "ssn 402-19-8877 for her"
RUNS = [
    base64.b64encode(SECRET.encode()).decode(),
    base64.urlsafe_b64encode("ssn 402-19-8877 ÿþ ok".encode()).decode(),
    base64.b64encode(SECRET.encode()).decode().rstrip("="),
    base64.b64encode(SECRET.encode("utf-16-le")).decode(),
    SECRET.encode().hex(),
    "0x" + SECRET.encode().hex().upper(),
    SECRET.encode().hex(" "),
    "".join(f"\\x{byte:02x}" for byte in SECRET.encode()),
]


@pytest.mark.parametrize("run", RUNS)
def test_a_run_that_says_something_is_found_whole(run: str) -> None:
    assert found(ENGINE, f"data {run} end") == [run]


def test_a_long_run_folded_as_mail_folds_it_is_found() -> None:
    run = base64.encodebytes((SECRET + " and more of it. " * 8).encode()).decode().strip()
    assert found(ENGINE, f"data:\n{run}\nend") == [run]


@pytest.mark.parametrize(
    "line",
    [
        "ssn ⟦４０２－１９－８８７７⟧",
        "ssn ⟦402‑19‑8877⟧",
        "ssn ⟦402-\u200b19-88\u206077⟧",
        "ssn ⟦4 0 2 1 9 8 8 7 7⟧",
        "ssn ⟦4.0.2.1.9.8.8.7.7⟧",
        "my social is ⟦four zero two one nine eight eight seven seven⟧",
        "call ⟦three one two, five five five, oh one nine eight⟧",
        "⟦four oh two nineteen eighty-eight seventy-seven⟧ is it",
        "ssn=⟦402%2D19%2D8877⟧&x=1",
        '{"note":"line\\nssn: ⟦402-19-8877⟧\\nend"}',
        '{"note":"\\u0073sn ⟦402\\u002d19\\u002d8877⟧"}',
        "mail ⟦jane%40example.org⟧",
        "mail ⟦jane&#64;example.org⟧",
        "X⟦402-19-8877⟧X",
        '{"a":"{\\"mrn\\": \\"⟦04857211⟧\\"}"}',
    ],
)
def test_encodings(line: str) -> None:
    text, expected = marked(line)
    assert found(ENGINE, text) == expected


@pytest.mark.parametrize(
    "text",
    [
        "one two three four five six seven eight nine ten",
        "1 2 3 4 5 6 7 8 9 10",
        "hydrochlorothiazide and acetaminophen-codeine",
        "sha256 e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
        "0 0 0 1 0 0 1 0 0 0 1",
        base64.b64encode(b"nothing of note in here").decode(),
        "100%25 sure \\n and &amp; more",
    ],
)
def test_nothing_is_found_where_nothing_is_said(text: str) -> None:
    assert found(ENGINE, text) == []


@given(st.text(st.sampled_from("a1@.-%\\u&é "), max_size=12), st.text(max_size=12))
def test_escapes_lead_back(before: str, after: str) -> None:
    text = f"{before} ssn {quote('402-19-8877', safe='')} {after}"
    findings = ENGINE.find(text)
    assert all(0 <= f.start < f.end <= len(text) for f in findings)
    view = unescaped("%61\\u0062&#99;" + after)
    assert view is not None and view.text.startswith("abc")
    assert list(view.starts)[:3] == [0, 3, 9]
