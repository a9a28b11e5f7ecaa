"""What FHIR's elements hold, by the meaning that R4 and R5 give their paths (hl7.org/fhir, data types and resources).

`Element` is one scalar with what stands around it; `told` says what it is.
"""

# ruff: noqa: SIM905  lists of words, with fewer quotes

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum, auto
from typing import Final

from interlock.model.label import Label
from interlock.sensitivity.formats.hl7v2_fields import IDENTIFIERS
from interlock.sensitivity.formats.json_tokens import Step

Path = tuple[Step, ...]


class Meaning(Enum):
    """How an element is treated."""

    WHOLE = auto()  # it is what its label says
    LOOK = auto()  # a text: looked into
    ABOUT = auto()  # looked into; its label tells what it is about
    CODE = auto()  # a code or address of a vocabulary: looked into where it looks like something else
    MOMENT = auto()  # a date, dateTime or instant, whole
    NUMBER = auto()  # a number, whole
    ID = auto()  # a logical id, or a reference that ends in one
    NARRATIVE = auto()
    ATTACHMENT = auto()  # base64
    BLOB = auto()  # base64 of what can't be looked into


@dataclass(frozen=True, slots=True)
class Told:
    """What an element is."""

    meaning: Meaning
    label: Label | None = None


@dataclass(frozen=True, slots=True)
class Element:
    """`resource`: the type of the resource it is in. `beside(key)`: the text of another member of its object, "" for
    none; `at(path)` of any place in the document."""

    path: Path
    text: str
    resource: str
    at: Callable[[Path], str]

    @property
    def key(self) -> str:
        """The nearest key."""
        return next((step for step in reversed(self.path) if isinstance(step, str)), "")

    @property
    def above(self) -> tuple[str, ...]:
        """The keys above, nearest first."""
        return tuple(step for step in reversed(self.path) if isinstance(step, str))[1:]

    @property
    def holder(self) -> Path:
        """The path of the object that holds it."""
        path = self.path
        while path and not isinstance(path[-1], str):
            path = path[:-1]
        return path[:-1]

    def beside(self, key: str) -> str:
        """The text of another member of the same object."""
        return self.at((*self.holder, key))


_LOOK: Final = Told(Meaning.LOOK)
_CODE: Final = Told(Meaning.CODE)
_NAMES: Final = {"family": "phi.name.family", "given": "phi.name.given", "text": "phi.name"}
_ADDRESS: Final = {
    "line": "phi.address.street",
    "city": "phi.address.city",
    "district": "phi.address.city",
    "postalCode": "phi.address.zip",
    "state": "quasi.state",
    "country": "quasi.country",
    "text": "phi.address",
}
_TELECOM: Final = {"phone": "phi.phone", "sms": "phi.phone", "pager": "phi.phone", "fax": "phi.fax"}
_TELECOM_OTHER: Final = {"email": "phi.email", "url": "phi.url"}
_IDENTIFIER_BY_RESOURCE: Final = {
    "Patient": "phi.mrn",
    "Practitioner": "phi.licence",
    "PractitionerRole": "phi.licence",
    "Device": "phi.device",
    "Coverage": "phi.health_plan",
    "Account": "phi.account",
    "Person": "phi.id",
}
_IDENTIFIER_BY_SYSTEM: Final = {
    "us-ssn": "phi.ssn",
    "2.16.840.1.113883.4.1": "phi.ssn",
    "us-npi": "phi.licence",
    "us-mbi": "phi.health_plan",
    "us-medicare": "phi.health_plan",
    "2.16.840.1.113883.4.6": "phi.licence",
    "passport": "pii.passport",
    "nhs-number": "pii.national_id",
}
_IDENTIFIER_KEYS: Final = frozenset(
    "identifier valueIdentifier masterIdentifier requisition groupIdentifier accessionIdentifier "
    "preAuthIdentifier".split()
)
_PERSON: Final = frozenset("Patient Practitioner PractitionerRole RelatedPerson Person Group CareTeam".split())
_PLACE: Final = frozenset("Organization Location HealthcareService Endpoint InsurancePlan".split())
_PERSON_KEYS: Final = frozenset(
    "subject patient performer requester author practitioner individual recorder asserter actor informant "
    "enterer generalPractitioner beneficiary subscriber policyHolder careManager attester interpreter "
    "responsible party informationSource participant collector sender recipient who onBehalfOf link "
    "member owner payor".split()
)
_PLACE_KEYS: Final = frozenset(
    "serviceProvider managingOrganization location custodian insurer organization facility destination origin".split()
)
_DEFINITIONS: Final = frozenset(
    "CodeSystem ValueSet StructureDefinition ConceptMap CapabilityStatement OperationDefinition "
    "SearchParameter ImplementationGuide NamingSystem StructureMap CompartmentDefinition "
    "TerminologyCapabilities".split()
)
_ABOUT: Final = {
    "Condition": "phi.clinical.diagnosis",
    "Observation": "phi.clinical.lab",
    "Procedure": "phi.clinical.procedure",
    "Medication": "phi.clinical.medication",
    "MedicationRequest": "phi.clinical.medication",
    "MedicationStatement": "phi.clinical.medication",
    "MedicationAdministration": "phi.clinical.medication",
    "MedicationDispense": "phi.clinical.medication",
    "Immunization": "phi.clinical.medication",
    "AllergyIntolerance": "phi.clinical.diagnosis",
    "DiagnosticReport": "phi.clinical.lab",
}
_ABOUT_KEYS: Final = frozenset(
    "code medicationCodeableConcept vaccineCode valueCodeableConcept valueString conclusion "
    "conclusionCode medication concept".split()
)
_CODES: Final = frozenset(
    "system use status resourceType code unit url version mode intent type language contentType "
    "comparator currency profile linkId rank severity kind relationship fhirVersion instantiatesCanonical "
    "instantiatesUri priority modifierExtension import definition valueCode valueUri valueCanonical "
    "valueUrl source method lifecycleStatus clinicalStatus verificationStatus versionId "
    "gender".split()
)
_DEVICE: Final = frozenset(
    "serialNumber deviceIdentifier carrierHRF carrierAIDC udi distinctIdentifier lotNumber".split()
)
_TEXTS: Final = frozenset(
    "valueString text display value title comment description name note valueMarkdown div data".split()
)
_MOMENT: Final = re.compile(
    r"[0-9]{4}-(?:0[1-9]|1[0-2])(?:-[0-3][0-9](?:T[0-9:.]{5,18}(?:Z|[+-][0-9]{2}:[0-9]{2})?)?)?\Z"
)
_BIRTH: Final = {"birthDate": "phi.date.birth", "deceasedDateTime": "phi.date.death"}
_TYPE: Final = re.compile(r"(?:^|/)([A-Z][A-Za-z]{2,60})/[A-Za-z0-9.\-]{1,64}(?:/_history/[A-Za-z0-9.\-]{1,64})?\Z")


def told(element: Element) -> Told:
    """What an element is: by its data type's keys, then by its own name, then by its form."""
    if element.resource in _DEFINITIONS:
        return _CODE
    key = element.key
    if key in _BIRTH:
        return Told(Meaning.MOMENT, Label(_BIRTH[key]))
    found = _by_type(element, key, element.above) or _by_name(element, key, element.above)
    if found is not None:
        return found
    if key not in _TEXTS and _MOMENT.match(element.text):
        return Told(Meaning.MOMENT, Label("phi.date.service"))
    if element.resource in _ABOUT and _ABOUT_KEYS & {key, *element.above}:
        about = Label(_ABOUT[element.resource])
        return Told(Meaning.CODE if key == "system" else Meaning.ABOUT, about)
    return _CODE if key in _CODES else _LOOK


def number_told(element: Element) -> Told:
    """The same for a number: ages of 90 and more, coordinates."""
    key, above = element.key, element.above
    if key == "value" and above and above[0].endswith("Age"):
        return Told(Meaning.NUMBER, Label("phi.age")) if _over_89(element.text) else _CODE
    if key in ("latitude", "longitude", "altitude") or _extension(element).endswith(("latitude", "longitude")):
        return Told(Meaning.NUMBER, Label("phi.address"))
    return _LOOK if sum(map(str.isdigit, element.text)) > 6 else _CODE


def _by_type(element: Element, key: str, above: tuple[str, ...]) -> Told | None:
    """By the data type that the object above is of."""
    parent = above[0] if above else ""
    if key in _NAMES and (parent in ("name", "valueHumanName") or element.beside("family")):
        return _whole(_NAMES[key])
    if key in _ADDRESS and parent in ("address", "valueAddress"):
        abroad = key == "postalCode" and element.beside("country").upper() not in _AMERICAN
        return _whole("phi.address.postcode" if abroad else _ADDRESS[key])
    if key == "value" and (parent in ("telecom", "valueContactPoint") or element.beside("system") in _CONTACT):
        return _whole((_TELECOM | _TELECOM_OTHER).get(element.beside("system"), "phi.phone"))
    if key == "value" and parent in _IDENTIFIER_KEYS:
        return _whole(_identifier(element))
    if parent == "photo" and key in ("data", "url", "title"):
        return Told(Meaning.BLOB if key == "data" else Meaning.WHOLE, Label("phi.photo"))
    if key == "div" and parent == "text":
        return Told(Meaning.NARRATIVE)
    return _by_reference(element, key, parent)


_AMERICAN: Final = frozenset(("", "US", "USA", "UNITED STATES", "UNITED STATES OF AMERICA"))
_CONTACT: Final = frozenset((*_TELECOM, *_TELECOM_OTHER))


_LINKS: Final = frozenset(
    {("fullUrl", "entry"), ("url", "request"), ("location", "response"), ("ifNoneExist", "request")}
)


def _by_reference(element: Element, key: str, parent: str) -> Told | None:
    if key == "reference" or (key, parent) in _LINKS:
        return Told(Meaning.ID, Label("phi.id"))
    if key == "id" and element.beside("resourceType"):
        return Told(Meaning.ID, Label("phi.id"))
    if key != "display" or parent in ("coding", "valueCoding", "code"):
        return None
    found = _TYPE.search(element.beside("reference"))
    kind = found[1] if found else element.beside("type")
    if kind in _PERSON or (not kind and parent in _PERSON_KEYS):
        return _whole("phi.name")
    return _whole("phi.address.facility") if kind in _PLACE or (not kind and parent in _PLACE_KEYS) else None


def _by_name(element: Element, key: str, above: tuple[str, ...]) -> Told | None:
    """By its own name."""
    if key == "name" and element.resource in _PLACE and not above[1:]:
        return _whole("phi.address.facility")
    if key in ("gender", "valueCode") and (key == "gender" or "gender" in _extension(element)):
        return _whole("quasi.gender")
    if key == "valueId":
        return _whole("phi.id")
    if key == "subscriberId":
        return _whole("phi.health_plan")
    if key in _DEVICE and element.resource == "Device":
        return _whole("phi.device")
    if key == "data" and element.text:
        return _data(element, above[0] if above else "")
    if key in ("valueString", "display", "text"):
        extension = _extension(element)
        if extension.endswith("mothersMaidenName"):
            return _whole("phi.name.family")
        if "us-core-race" in extension or "us-core-ethnicity" in extension:
            return _whole("quasi.race")
    return None


def _data(element: Element, parent: str) -> Told | None:
    if parent == "valueSampledData" or element.beside("dimensions"):
        return _CODE
    if element.beside("sigFormat") or parent == "signature":
        return Told(Meaning.BLOB, Label("phi.biometric"))
    kind = element.beside("contentType").strip().lower()
    if kind.startswith(("text/", "application/json", "application/xml", "application/fhir", "application/hl7")):
        return Told(Meaning.ATTACHMENT)
    return Told(Meaning.BLOB, Label("phi.photo" if kind.startswith("image/") else "phi"))


def _identifier(element: Element) -> str:
    holder = element.holder
    for number in range(4):
        code = element.at((*holder, "type", "coding", number, "code"))
        if code in IDENTIFIERS:
            return IDENTIFIERS[code]
    system = element.beside("system")
    for ending, label in _IDENTIFIER_BY_SYSTEM.items():
        if system.endswith(ending):
            return label
    return _IDENTIFIER_BY_RESOURCE.get(element.resource, "phi.id")


def _extension(element: Element) -> str:
    """The addresses of the extensions that hold it, outermost first, in one text."""
    found: list[str] = []
    for length in range(1, len(element.path)):
        if element.path[length - 1] in ("extension", "modifierExtension") and length < len(element.path):
            found.append(element.at((*element.path[: length + 1], "url")))
    return " ".join(found)


def _over_89(text: str) -> bool:
    whole = text.partition(".")[0]
    return not (whole.isdecimal() and len(whole) < 5 and int(whole) < 90)


def _whole(label: str) -> Told:
    return Told(Meaning.WHOLE, Label(label))
