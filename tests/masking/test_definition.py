"""Printed SQL passes when it is names alone."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from interlock.masking.plan import plan
from interlock.masking.rules.definition import definition, says_names_alone
from interlock.model.exposure import Definition, Output
from interlock.model.label import Label
from interlock.model.obligation import Obligations

LABELS = frozenset({Label("phi.mrn")})
NAMES = [
    b"PRIMARY KEY (id)",
    b'FOREIGN KEY (item) REFERENCES shop."It""ems 7"(id) ON DELETE CASCADE',
    b"CREATE UNIQUE INDEX patients_ssn_key2 ON public.patients USING btree (ssn, lower(mrn))",
    b"CHECK ((price >= cost))",
    b"now()",
    b"",
]
LITERALS = [
    b"CHECK ((ssn <> '123-45-6789'::text))",
    b"CHECK ((n > 5))",
    b"CHECK ((n > -5))",
    b"'x'::text",
    b"E'\\\\x'",
    b"nextval('s'::regclass)",
    b"true",
    b"CHECK ((hiv IS FALSE))",
    b"varchar(20)",
    b"(a + 1.5e3)",
    b"$body$ x $body$",
    b"\xc3\xa9",
    b'"unfinished',
]


@pytest.mark.parametrize("text", NAMES)
def test_names_pass(text: bytes) -> None:
    assert definition(LABELS)(text) == text


@pytest.mark.parametrize("text", LITERALS)
def test_literals_do_not(text: bytes) -> None:
    assert definition(LABELS)(text) == b"[phi.mrn]"


@given(st.text(alphabet="ab_ \"'1(),=x-", max_size=40), st.sampled_from(["'", "1"]))
def test_a_literal_anywhere_outside_a_name_is_found(around: str, literal: str) -> None:
    text = around.replace('"', "") + f" {literal}"
    assert not says_names_alone(text.encode())


def test_it_takes_no_time() -> None:
    """A text that fails at its very end is read once: the pattern can't try it in other ways."""
    assert not says_names_alone(b"a" * 1_000_000 + b"'")


def test_the_plan_uses_it_for_texts_alone() -> None:
    outputs = [
        Output("a", 25, LABELS, None, Definition.SQL),
        Output("b", 25, LABELS, None, Definition.TEXT),
        Output("c", 23, LABELS, None, Definition.SQL),
        Output("d", 25, LABELS, None),
    ]
    masks = plan(outputs, Obligations(), ()).masks
    assert [mask(b"names") for mask in masks if mask is not None] == [b"names", b"[phi.mrn]", None, b"[phi.mrn]"]
    assert [mask(None) for mask in masks if mask is not None] == [None, None, None, b"[phi.mrn]"]
