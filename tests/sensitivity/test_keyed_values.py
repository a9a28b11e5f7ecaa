"""Values behind keys in text: what the key tells is taken as a whole, and code isn't."""

from __future__ import annotations

import pytest

from interlock.sensitivity.keyed_values import MOST_VALUES, keyed_values


def _told(text: str) -> dict[str, str]:
    return {text[c.start : c.end]: str(c.label) for c in keyed_values(text)}


@pytest.mark.parametrize(
    ("text", "value", "label"),
    [
        ('{"postalCode": "70119"}', "70119", "phi.address.zip"),
        ('{"last_name":"okafor"}', "okafor", "phi.name.family"),
        ("last_name=Okafor status=200", "Okafor", "phi.name.family"),
        ("WHERE birth_date = '1961-04-12'", "1961-04-12", "phi.date.birth"),
        ("<LastName>Vandermeer</LastName>", "Vandermeer", "phi.name.family"),
        ("a: 1\nmemberNo: W884120993\n", "W884120993", "phi.health_plan"),
    ],
)
def test_a_key_tells(text: str, value: str, label: str) -> None:
    assert _told(text)[value] == label


@pytest.mark.parametrize(
    "text",
    ["f(city=city, zip=row)", "last_name=${NAME}", '{"name": "Widget"}', "first_name = row[0]", "x == y", "a=b"],
)
def test_code_and_things_are_left(text: str) -> None:
    assert _told(text) == {}


def test_a_resource_of_fhir_is_read_as_one() -> None:
    text = '{"resourceType":"Patient","identifier":[{"system":"urn:oid:2.16.840.1.113883.4.1","value":"512449081"}]}'
    assert _told(text)["512449081"] == "phi.ssn"


@pytest.mark.parametrize("piece", ['"a":', "a=", "<a>", "a: b\n", '"a":["b",', "=", '{"resourceType":', "a.b-", '"'])
def test_it_reads_hostile_texts_to_their_end(piece: str) -> None:
    assert sum(1 for _ in keyed_values(piece * (400_000 // len(piece)))) <= MOST_VALUES
