"""Pseudonyms turned back in streams: the same however cut, only what was issued, and nothing held without need."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from interlock.errors import MalformedInput
from interlock.masking.restoring import MAX_LENGTH, Issued, JsonRestorer, Restorer, restored, restored_json

KEYED = "[phi.mrn:k7q4abcdefghijklmnopqrstuvwx]"
VALUES = {
    "[phi.name#1]": 'Ana "Nita" Ruiz',
    "[phi.name#10]": "Bo\\dil",
    KEYED: "MRN-0001",
    "PERSON_7Q4K2": "Çağla\nÖz",
    "PERSON_7Q": "Dee",
}
ISSUED = Issued(VALUES)
TEXT = (
    "Dear [phi.name#1], and [PHI.Name#10]: see [phi.name#2] or [phi.name#1 about PERSON_7Q4K2's [phi.mrn:k7q4] and "
    f"{KEYED.upper()}; PERSON_7Q, PERSON_7Q4K, XPERSON_7Q4K2 PERSON_7Q4K2X [[phi.name#1]] person_7q4k2"
)
RESTORED = (
    'Dear Ana "Nita" Ruiz, and Bo\\dil: see [phi.name#2] or [phi.name#1 about Çağla\nÖz\'s [phi.mrn:k7q4] and '
    'MRN-0001; Dee, PERSON_7Q4K, XPERSON_7Q4K2 PERSON_7Q4K2X [Ana "Nita" Ruiz] Çağla\nÖz'
)


def streamed(pieces: Sequence[str], restorer: Restorer | None = None) -> str:
    """What comes out of a stream of these pieces."""
    restorer = restorer or Restorer(ISSUED)
    return "".join([*(restorer.feed(piece) for piece in pieces), restorer.end()])


def test_whole() -> None:
    assert restored(TEXT, ISSUED) == RESTORED


@pytest.mark.parametrize("size", range(1, 60))
def test_in_pieces_of_any_size(size: int) -> None:
    assert streamed([TEXT[n : n + size] for n in range(0, len(TEXT), size)]) == RESTORED


def test_nothing_is_held_but_what_may_become_a_pseudonym() -> None:
    restorer = Restorer(ISSUED)
    assert restorer.feed("no pseudonym at all; ") == "no pseudonym at all; "
    assert restorer.feed("[phi.na") == ""
    assert restorer.feed("mes]") == "[phi.names]"
    assert restorer.feed("[phi.name#1") == ""
    assert restorer.feed("]") == 'Ana "Nita" Ruiz'
    assert restorer.feed(" PERSON_7Q") == " "
    assert restorer.feed(".") == "Dee."
    assert restorer.feed("[") == "" and restorer.end() == "["
    assert restorer.restored == 2


ARGUMENTS = {
    "to": "[phi.name#1]",
    "[phi.name#10]": [KEYED, 7, None, {"deep": "x [phi.name#1] y"}],
    "other": '[phi.name#3] \\ " / \b 😀 [phi.name#1',
    "person": "PERSON_7Q4K2",
}
MEANT = {
    "to": 'Ana "Nita" Ruiz',
    "Bo\\dil": ["MRN-0001", 7, None, {"deep": 'x Ana "Nita" Ruiz y'}],
    "other": '[phi.name#3] \\ " / \b 😀 [phi.name#1',
    "person": "Çağla\nÖz",
}


def escaped(text: str) -> str:
    """JSON with every letter of its strings escaped, as nobody writes it and everybody may."""
    return re.sub(r"(?<![\\a-z])\[phi", lambda found: "".join(f"\\u{ord(c):04X}" for c in found[0]), text)


@pytest.mark.parametrize("written", [json.dumps(ARGUMENTS), json.dumps(ARGUMENTS, ensure_ascii=False, indent=1)])
@pytest.mark.parametrize("how", ["plain", "escaped"])
@pytest.mark.parametrize("size", [1, 2, 3, 5, 7, 11, 1000])
def test_in_the_strings_of_json(written: str, how: str, size: int) -> None:
    text = escaped(written) if how == "escaped" else written
    assert how == "plain" or "\\u005B" in text
    out = streamed([text[n : n + size] for n in range(0, len(text), size)], JsonRestorer(ISSUED))
    assert json.loads(out) == MEANT
    assert restored_json(text, ISSUED) == out


def test_in_json_nothing_outside_of_strings_and_nothing_across_them() -> None:
    text = '["[phi.", "name#1]", [phi.name#1]]'
    assert streamed(list(text), JsonRestorer(ISSUED)) == text
    with pytest.raises(MalformedInput):
        restored_json(text, ISSUED)


@pytest.mark.parametrize("rest", ['{"a": "[phi.na', '{"a": "\\u00', '{"a": "\\', '{"a": "\\ud83d', '{"a": "\\uZZ'])
def test_json_that_breaks_off_comes_out_as_it_came(rest: str) -> None:
    assert streamed(list(rest), JsonRestorer(ISSUED)) == rest


@given(st.text(alphabet='[]phi.name#10"\\u005B PERSON_7Q4K2{}:,x', max_size=80), st.integers(0, 80))
def test_any_text_says_the_same_however_cut(text: str, at: int) -> None:
    for made in (Restorer, JsonRestorer):
        assert streamed([text], made(ISSUED)) == streamed([text[:at], text[at:]], made(ISSUED))
        assert streamed(list(text), made(Issued({}))) == text


@given(st.lists(st.sampled_from([*VALUES, "PERSON_", "[", "]", " ", "é", "x", "_", "[phi.name#1"]), max_size=12))
def test_as_a_plain_search_does(parts: list[str]) -> None:
    text = "".join(parts)
    longest_first = sorted(VALUES, key=len, reverse=True)
    plain = re.compile(
        "|".join(
            (r"(?<!\w)" if key[0] != "[" else "") + re.escape(key) + (r"(?!\w)" if key[-1] != "]" else "")
            for key in longest_first
        )
    )
    assert streamed(list(text)) == plain.sub(lambda found: VALUES[found[0]], text)


@pytest.mark.parametrize("values", [{"": "x"}, {"[a.b]": "x", "[A.B]": "y"}, {"x" * (MAX_LENGTH + 1): "y"}])
def test_what_cant_be_issued(values: dict[str, str]) -> None:
    with pytest.raises(ValueError, match="pseudonym"):
        Issued(values)


def test_values_are_in_no_repr() -> None:
    assert "Ruiz" not in repr(ISSUED) + repr(Restorer(ISSUED))
