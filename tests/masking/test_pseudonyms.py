"""Pseudonyms: equal for equal values of one actor, and nothing to anybody else."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from interlock.masking.plan import plan
from interlock.masking.pseudonyms import MAX_VALUE, ActorPseudonyms, Pseudonyms
from interlock.masking.rules.pseudonym import PseudonymMask
from interlock.masking.tokens import holds_token
from interlock.model.actor import Actor, ActorKind
from interlock.model.exposure import Definition, Output
from interlock.model.label import Label
from interlock.model.names import ActorId, ConnectionName, KeyId, PersonId
from interlock.model.obligation import Obligations
from interlock.model.reveal import Reveal
from interlock.model.secret import Secret

MRN, NAME = Label("phi.mrn"), Label("phi.name.given")
CLINIC, SHOP = ConnectionName("clinic"), ConnectionName("shop")
ALL = Pseudonyms(Secret(b"S" * 32))
GRANTED = Obligations(pseudonyms=frozenset({MRN, Label("phi.name")}))
COLUMN = "clinic/public.patients.mrn"


def actor(name: str = "etl", *behind: str, kind: ActorKind = ActorKind.AGENT) -> Actor:
    chain = tuple(actor(each, kind=ActorKind.PERSON) for each in behind)
    return Actor(kind, ActorId(name), frozenset(), PersonId("o"), KeyId("k"), PersonId("o"), PersonId("o"), chain=chain)


ETL = ALL.of(CLINIC, actor())


def written(value: bytes, label: Label = MRN, known: ActorPseudonyms = ETL) -> str:
    token = known.write(label, value)
    assert token is not None
    return token.decode()


@given(st.binary(max_size=MAX_VALUE))
def test_what_was_given_out_opens_in_any_case(value: bytes) -> None:
    token = written(value)
    assert ETL.read(token) == ETL.read(token.lower()) == ETL.read(token.upper()) == (MRN, value)
    assert written(value) == token
    assert holds_token(token) and holds_token(f"see {token.lower()}.")


@given(st.text(max_size=60), st.text(max_size=60))
def test_equal_values_alone_share_a_pseudonym(one: str, other: str) -> None:
    assert (written(one.encode()) == written(other.encode())) is (one == other)


@pytest.mark.parametrize("label", [Label("phi"), MRN, NAME, Label("a1_b.c_2")])
def test_a_pseudonym_says_its_label(label: Label) -> None:
    token = written(b"value", label)
    assert token.startswith(f"[{label}" if "." in label else f"[{label}.*:")
    assert ETL.read(token) == (label, b"value")


@pytest.mark.parametrize(
    "others",
    [
        ALL.of(SHOP, actor()),
        ALL.of(CLINIC, actor("other")),
        ALL.of(CLINIC, actor("etl", kind=ActorKind.SERVICE)),
        ALL.of(CLINIC, actor("etl", "dana")),
        Pseudonyms(Secret(b"T" * 32)).of(CLINIC, actor()),
    ],
)
def test_another_actor_connection_or_installation_has_others(others: ActorPseudonyms) -> None:
    token = written(b"MRN-0001")
    assert written(b"MRN-0001", known=others) != token
    assert others.read(token) is None


def test_whose_behalf_it_is_on_counts() -> None:
    dana, remy = ALL.of(CLINIC, actor("etl", "dana")), ALL.of(CLINIC, actor("etl", "remy"))
    assert remy.read(written(b"MRN-0001", known=dana)) is None


def test_another_node_of_the_same_installation_agrees() -> None:
    again = Pseudonyms(Secret(b"S" * 32)).of(CLINIC, actor())
    assert again.read(written(b"MRN-0001")) == (MRN, b"MRN-0001")
    assert written(b"MRN-0001", known=again) == written(b"MRN-0001")


@given(st.binary(min_size=1, max_size=40), st.integers(0), st.sampled_from("ABCXYZ234567"))
def test_whatever_was_changed_doesnt_open(value: bytes, at: int, letter: str) -> None:
    token = written(value)
    begin = token.index(":") + 1
    place = begin + at % (len(token) - 1 - begin)
    changed = token[:place] + letter + token[place + 1 :]
    assert ETL.read(changed) == ((MRN, value) if changed == token else None)


@pytest.mark.parametrize(
    "change",
    [
        lambda token: token.replace("phi.mrn", "phi.ssn"),
        lambda token: token + " ",
        lambda token: " " + token,
        lambda token: token[1:],
        lambda token: token[:-1],
        lambda token: token[:-9] + "]",
        lambda token: token + token,
        lambda token: token.replace(":", ": "),
        lambda token: token.replace("]", "=]"),
        lambda token: "[phi.mrn]",
        lambda token: "",
    ],
)
def test_another_label_or_spelling_doesnt_open(change: object) -> None:
    assert callable(change)
    assert ETL.read(change(written(b"MRN-0001"))) is None


@given(st.text())
def test_nothing_else_opens(text: str) -> None:
    assert ETL.read(text) is None
    assert ETL.read(f"[phi.mrn:{text}]") is None


def test_a_length_is_told_in_steps_of_sixteen() -> None:
    lengths = {len(written(b"x" * n)) for n in range(16)}
    assert lengths == {len("[phi.mrn:]") + 52}
    assert len(written(b"x" * 16)) == len("[phi.mrn:]") + 77
    assert len(written(b"x" * MAX_VALUE)) == len("[phi.mrn:]") + 461


def test_a_long_value_gets_the_constant() -> None:
    assert ETL.write(MRN, b"x" * (MAX_VALUE + 1)) is None
    mask = mask_of(Output("mrn", 25, frozenset({MRN}), COLUMN))
    assert isinstance(mask, PseudonymMask)
    assert mask(b"x" * (MAX_VALUE + 1)) == b"[phi.mrn]"


def mask_of(output: Output, asked: Obligations = GRANTED, known: ActorPseudonyms | None = ETL) -> object:
    return plan([output], asked, (), known).masks[0]


@pytest.mark.parametrize("type_oid", [19, 25, 705, 1042, 1043])
def test_a_plain_text_becomes_its_pseudonym(type_oid: int) -> None:
    mask = mask_of(Output("mrn", type_oid, frozenset({MRN, Label("phi")}), COLUMN))
    assert isinstance(mask, PseudonymMask)
    assert mask(b"MRN-0001") == written(b"MRN-0001").encode()
    assert mask(None) is None


PLAIN = Output("mrn", 25, frozenset({MRN}), COLUMN)


@pytest.mark.parametrize(
    "output",
    [
        replace(PLAIN, plain=None),
        replace(PLAIN, plain=None, definition=Definition.SQL),
        replace(PLAIN, type_oid=23),
        replace(PLAIN, type_oid=1009),
        replace(PLAIN, labels=frozenset({Label("phi")})),
        replace(PLAIN, labels=frozenset({Label("phi.ssn")})),
        replace(PLAIN, labels=frozenset({Label("phi.mrnx")})),
        replace(PLAIN, labels=frozenset({MRN, Label("phi.ssn")})),
        replace(PLAIN, labels=frozenset({MRN, NAME})),
    ],
)
def test_expressions_other_types_and_other_labels_get_none(output: Output) -> None:
    mask = mask_of(output)
    assert mask is not None and not isinstance(mask, PseudonymMask)
    assert mask == mask_of(output, Obligations())


def test_a_label_beneath_a_granted_one_gets_them() -> None:
    assert isinstance(mask_of(replace(PLAIN, labels=frozenset({NAME}))), PseudonymMask)


def test_without_a_grant_or_a_key_there_are_constants() -> None:
    for asked, known in ((Obligations(), ETL), (GRANTED, None)):
        mask = mask_of(PLAIN, asked, known)
        assert callable(mask) and mask(b"MRN-0001") == b"[phi.mrn]"


def test_what_is_revealed_isnt_masked() -> None:
    assert mask_of(PLAIN, replace(GRANTED, reveal=frozenset({Reveal(COLUMN, MRN)}))) is None


def test_no_repr_holds_a_key_or_value() -> None:
    assert "S" * 8 not in repr(ETL) and "AESSIV" not in repr(ETL)
