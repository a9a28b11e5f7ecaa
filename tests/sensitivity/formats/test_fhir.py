"""FHIR: elements by their meaning, and documents that stay valid when they are masked."""

from __future__ import annotations

import base64
import json
from typing import Any

import pytest
from tests.sensitivity.formats.reading import changed, read

from interlock.errors import MalformedInput
from interlock.sensitivity.formats.document import Form, Piece
from interlock.sensitivity.formats.fhir import Fhir, LogicalIds

PATIENT: dict[str, Any] = {
    "resourceType": "Patient",
    "id": "abc-1",
    "meta": {"lastUpdated": "2024-01-02T10:00:00Z", "profile": ["http://hl7.org/fhir/us/core/StructureDefinition/p"]},
    "text": {"status": "generated", "div": '<div xmlns="http://www.w3.org/1999/xhtml">Alice <b>Moreno</b></div>'},
    "extension": [
        {
            "url": "http://hl7.org/fhir/us/core/StructureDefinition/us-core-race",
            "extension": [{"url": "text", "valueString": "White"}],
        },
        {"url": "http://hl7.org/fhir/StructureDefinition/patient-mothersMaidenName", "valueString": "Rossi"},
    ],
    "identifier": [
        {"type": {"coding": [{"system": "http://terminology.hl7.org/v2-0203", "code": "MR"}]}, "value": "M123"},
        {"system": "http://hl7.org/fhir/sid/us-ssn", "value": "219-09-9999"},
        {"type": {"coding": [{"code": "DL"}]}, "value": "D9"},
        {"type": {"coding": [{"code": "PPN"}]}, "value": "P9"},
        {"value": "Z9"},
    ],
    "name": [{"use": "official", "family": "Moreno", "given": ["Alice", "B"], "text": "Alice B Moreno"}],
    "telecom": [
        {"system": "phone", "value": "555-1234", "use": "home"},
        {"system": "fax", "value": "555-1235"},
        {"system": "email", "value": "a@b.org"},
    ],
    "gender": "female",
    "birthDate": "1980-01-02",
    "deceasedDateTime": "2020-01-01T10:00:00Z",
    "address": [
        {"line": ["1 Main St"], "city": "X", "district": "Y", "state": "IL", "postalCode": "62701", "country": "US"}
    ],
    "contact": [{"name": {"family": "Doe"}, "telecom": [{"system": "phone", "value": "1"}]}],
    "photo": [{"contentType": "image/png", "data": "aGVsbG8="}],
    "generalPractitioner": [{"reference": "Practitioner/p-7", "display": "Dr. Grey"}],
    "managingOrganization": {"reference": "Organization/o-1", "display": "St. Mary"},
}
ENCOUNTER: dict[str, Any] = {
    "resourceType": "Encounter",
    "id": "e-1",
    "status": "finished",
    "subject": {"reference": "Patient/abc-1"},
    "period": {"start": "2023-05-06", "end": "2023-05-07T08:00:00+01:00"},
}
OBSERVATION: dict[str, Any] = {
    "resourceType": "Observation",
    "status": "final",
    "code": {"coding": [{"system": "http://loinc.org", "code": "2345-7", "display": "Glucose"}]},
    "subject": {"reference": "https://fhir.example.org/Patient/abc-1/_history/2", "display": "Alice Moreno"},
    "effectiveDateTime": "2023-05",
    "valueQuantity": {"value": 5.50, "unit": "mg"},
    "note": [{"text": "call Alice"}],
}


def told(piece: Piece) -> tuple[str, str | None]:
    return piece.text, piece.label


@pytest.mark.parametrize(
    ("path", "text", "label"),
    [
        ("id", "abc-1", "phi.id"),
        ("meta.lastUpdated", "2024-01-02T10:00:00Z", "phi.date.service"),
        ("extension[0].extension[0].valueString", "White", "quasi.race"),
        ("extension[1].valueString", "Rossi", "phi.name.family"),
        ("identifier[0].value", "M123", "phi.mrn"),
        ("identifier[1].value", "219-09-9999", "phi.ssn"),
        ("identifier[2].value", "D9", "phi.licence"),
        ("identifier[3].value", "P9", "pii.passport"),
        ("identifier[4].value", "Z9", "phi.mrn"),
        ("name[0].family", "Moreno", "phi.name.family"),
        ("name[0].given[1]", "B", "phi.name.given"),
        ("name[0].text", "Alice B Moreno", "phi.name"),
        ("telecom[0].value", "555-1234", "phi.phone"),
        ("telecom[1].value", "555-1235", "phi.fax"),
        ("telecom[2].value", "a@b.org", "phi.email"),
        ("gender", "female", "quasi.gender"),
        ("birthDate", "1980-01-02", "phi.date.birth"),
        ("deceasedDateTime", "2020-01-01T10:00:00Z", "phi.date.death"),
        ("address[0].line[0]", "1 Main St", "phi.address.street"),
        ("address[0].district", "Y", "phi.address.city"),
        ("address[0].state", "IL", "quasi.state"),
        ("address[0].postalCode", "62701", "phi.address.zip"),
        ("contact[0].name.family", "Doe", "phi.name.family"),
        ("contact[0].telecom[0].value", "1", "phi.phone"),
        ("photo[0].data", "aGVsbG8=", "phi.photo"),
        ("generalPractitioner[0].display", "Dr. Grey", "phi.name"),
        ("managingOrganization.display", "St. Mary", "phi.address.facility"),
    ],
)
def test_patient(path: str, text: str, label: str) -> None:
    assert told(read(Fhir(), json.dumps(PATIENT))[f"$.{path}"]) == (text, label)


def test_vocabulary_is_left_alone() -> None:
    found = read(Fhir(), json.dumps(PATIENT))
    for path in ("meta.profile[0]", "name[0].use", "telecom[0].system", "identifier[0].type.coding[0].code"):
        assert f"$.{path}" not in found


def test_a_code_that_looks_like_something_else_is_looked_into() -> None:
    found = read(Fhir(), json.dumps({**ENCOUNTER, "status": "219-09-9999"}))
    assert found["$.status"].label is None


def test_other_resources() -> None:
    encounter, observation = read(Fhir(), json.dumps(ENCOUNTER)), read(Fhir(), json.dumps(OBSERVATION))
    assert told(encounter["$.period.start"]) == ("2023-05-06", "phi.date.service")
    assert told(encounter["$.subject.reference"]) == ("abc-1", "phi.id")
    assert told(observation["$.subject.reference"]) == ("abc-1", "phi.id")
    assert told(observation["$.subject.display"]) == ("Alice Moreno", "phi.name")
    assert told(observation["$.effectiveDateTime"]) == ("2023-05", "phi.date.service")
    assert observation["$.code.coding[0].display"].about and observation["$.note[0].text"].label is None
    practitioner = read(
        Fhir(), json.dumps({"resourceType": "Practitioner", "name": [{"text": "A"}], "identifier": [{"value": "1"}]})
    )
    assert practitioner["$.name[0].text"].label == "phi.name"
    assert practitioner["$.identifier[0].value"].label == "phi.licence"
    related = read(
        Fhir(), json.dumps({"resourceType": "RelatedPerson", "birthDate": "1950", "name": [{"given": ["A"]}]})
    )
    assert related["$.birthDate"].label == "phi.date.birth" and related["$.name[0].given[0]"].label == "phi.name.given"


def test_ages_count_from_90_on() -> None:
    for value, label in ((89, None), (90, "phi.age"), (101.5, "phi.age")):
        found = read(Fhir(), json.dumps({"resourceType": "Condition", "onsetAge": {"value": value, "unit": "a"}}))
        assert [p.label for p in found.values() if p.text == str(value)] == ([label] if label else [])


def test_nothing_else_changes() -> None:
    for indent in (None, 2):
        source = json.dumps({"resourceType": "Bundle", "entry": [{"resource": PATIENT}]}, indent=indent)
        assert changed(Fhir(), source, lambda _: None) == source


def test_a_date_that_goes_is_absent_as_fhir_says() -> None:
    out = json.loads(changed(Fhir(), json.dumps(PATIENT), lambda p: "[x]" if p.telling == "birthDate" else None))
    assert "birthDate" not in out
    assert out["_birthDate"]["extension"][0]["valueCode"] == "masked"
    out = json.loads(changed(Fhir(), json.dumps(PATIENT), lambda p: "1980" if p.telling == "birthDate" else None))
    assert out["birthDate"] == "1980" and "_birthDate" not in out


def test_a_date_with_extensions_keeps_them() -> None:
    source = json.dumps({**PATIENT, "_birthDate": {"id": "x"}})
    out = json.loads(changed(Fhir(), source, lambda p: "[x]" if p.telling == "birthDate" else None))
    assert out["birthDate"] == "1900" and out["_birthDate"] == {"id": "x"}


def test_links_hang_together() -> None:
    bundle = {
        "resourceType": "Bundle",
        "entry": [
            {"fullUrl": f"urn:uuid:{r.get('id', 'o')}", "resource": r, "request": {"url": "Patient/abc-1"}}
            for r in (PATIENT, ENCOUNTER, OBSERVATION)
        ],
    }
    ids = LogicalIds()
    out = changed(Fhir(ids), json.dumps(bundle), lambda p: "[phi.id:X]" if p.form is Form.FHIR_ID else None)
    assert "abc-1" not in out
    entries = json.loads(out)["entry"]
    new = entries[0]["resource"]["id"]
    assert entries[0]["fullUrl"] == f"urn:uuid:{new}" and new == "masked-1"
    assert entries[1]["resource"]["subject"]["reference"] == f"Patient/{new}"
    assert f"/Patient/{new}" in entries[2]["resource"]["subject"]["reference"]
    again = changed(Fhir(ids), json.dumps(ENCOUNTER), lambda p: "[x]" if p.form is Form.FHIR_ID else None)
    assert json.loads(again)["subject"]["reference"] == f"Patient/{new}"


def test_narrative_and_attachments() -> None:
    data = base64.b64encode(b"Seen by Alice").decode()
    source = {
        "resourceType": "DocumentReference",
        "text": {"div": PATIENT["text"]["div"]},
        "content": [
            {"attachment": {"contentType": "text/plain", "data": data}},
            {"attachment": {"contentType": "text/plain", "data": "////"}},
            {"attachment": {"contentType": "application/pdf", "data": data}},
        ],
    }
    found = read(Fhir(), json.dumps(source))
    assert found["$.content[0].attachment.data"].text == "Seen by Alice"
    assert found["$.content[1].attachment.data"].form is Form.OPAQUE
    assert told(found["$.content[2].attachment.data"]) == (data, "phi")
    out = json.loads(changed(Fhir(), json.dumps(source), lambda p: "[phi.*]"))
    assert base64.b64decode(out["content"][0]["attachment"]["data"]) == b"[phi.*]"
    assert base64.b64decode(out["content"][2]["attachment"]["data"]) == b"masked"
    assert out["text"]["div"].startswith("<div") and out["text"]["div"].endswith("</div>")


@pytest.mark.parametrize("source", ["{}", "[]", '{"resourceType": 1}', '{"a": {"resourceType": "Patient"}}', "{"])
def test_what_isnt_a_resource(source: str) -> None:
    with pytest.raises(MalformedInput):
        list(Fhir().parts(source))
