"""Other numbers and codes that are a person's own: of studies, cases, claims, referrals, visits, employees."""

from __future__ import annotations

import re

from interlock.model.label import Label
from interlock.sensitivity.pattern import Candidate, Pattern, Structured, Verdict
from interlock.sensitivity.told import coded, told

_ID = Label("phi.id")
_NUMBER = "(?:number|num|no|nbr|id|ids|code|ref|reference|identifier|#)"
_KINDS = (
    "study|case|claims?|referral|encounter|visit|episode|admission|accession|specimen|sample|subject|participant"
    "|donor|enrollment|enrolment|employee|emp|staff|badge|personnel|payroll|student|prescription|rx|order|requisition"
    "|authori[sz]ation|auth|prior auth|prior authori[sz]ation|pre ?cert|pre ?authori[sz]ation|confirmation"
    "|appointment|booking|reservation|ticket|incident|dispute|complaint|docket|inmate|prisoner|military|service"
    "|veteran|patient|person|individual|user|profile|contact|family|household|next of kin|national|government"
    "|govt|citizen|identity|id card|tracking|trial|randomi[sz]ation|screening|registry|transplant|unos|blood unit"
    "|slide|block|cassette|image|dicom|pacs|exam|consent|pharmacy|voucher|coupon|application|file|folder|matter"
    "|police report|report|provider tax|tax|employer|ein|tin"
)
# What machines number: requests, builds, rows of their own.
_OF_MACHINES = re.compile(
    r"trace|span|request|\breq\b|correlation|commit|build|transaction|txn|session|etag|audit|event|message|\bmsg|\bpod|"
    r"container|volume|lineage|\bnode|\bjob|\brun\b|task|instance|deploy|image|layer|digest|revision|\buid\b|resource|"
    r"operation|invocation|execution|queue|topic|cluster|namespace|tenant|principal|parent|thread|process|worker|boot|"
    r"disk|partition|guid|nonce|idempot|workflow|pipeline|object|version|interface|typelib|clsid|\bop\b|call"
)
_PERSON = re.compile(
    r"patient|member|person|subject|employee|customer|client|insured|beneficiary|participant|staff|user"
)
# Whose or what of theirs a UUID is, as the words or the key right before it say: `patient 1f0c...`, `"memberId": "`,
# `/encounters/`. Programs give every request, row and build one; only such is a person's (45 CFR
# 164.514(b)(2)(i)(R)), and nothing else tells.
_WHOSE = re.compile(
    r"(?:patient|member|person|people|subject|participant|subscriber|beneficiary|beneficiarie|enrollee|insured|guarantor"
    r"|resident|donor|recipient|applicant|individual|customer|client|employee|staff|student|user|practitioner|provider"
    r"|physician|clinician|doctor|nurse|caregiver|guardian|citizen|chart|encounter|admission|episode|claim"
    r"|specimen|prescription|appointment|referral|mrn|enrol?lment|consent|health ?record|medical ?record)s?"
    r"(?:[ _./-]{0,2}(?:id|ids|uuid|guid|key|ref|reference|identifier|number|no|record|account|external"
    r"|unique|fk)){0,3}"
    r"[^a-z0-9\n]{1,8}(?:(?:is|was|of|for|are) )?(?:urn:uuid:)?[\"']?\Z"
)
_UUID = re.compile("[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}", re.IGNORECASE)
_DIGEST = re.compile("[0-9a-f]{7,12}|[0-9a-f]{32}|[0-9a-f]{40}|[0-9a-f]{64}")
# The word that `id` is joined to, and whether it stands as keys of programs do.
_JOINED = re.compile(r"([a-z0-9]*)[_.-]ids?[^a-z]*\Z|(?<![a-z])ids?(?:[\"'`]\s*[=:]|\s*=)[\"'\s]*\Z")


def _uuid(candidate: Candidate) -> Verdict | None:
    if _WHOSE.search(candidate.before) is None:
        return None
    return Verdict(0.8, "form, told by words")


def _kind(candidate: Candidate) -> Verdict | None:
    """Rows of orders and files are numbered, too: as keys, and shortly or by UUIDs."""
    if _UUID.fullmatch(candidate.matched) is not None:
        return None if _WHOSE.search(candidate.before) is None else Verdict(0.85, "told by words")
    if candidate.matched.isdigit() and len(candidate.matched) < 8 and _ROW.search(candidate.before):
        return None
    return Verdict(0.85, "told by words")


_ROW = re.compile(
    r"(?:order|service|image|file|folder|application|report|user|profile|block|ticket|incident|tracking|exam|coupon|"
    r"voucher|booking|slide|exam)[_-]?ids?[^a-z ]*\s*\Z"
)


def _coded(candidate: Candidate) -> Verdict | None:
    """As `coded`, but for cases, of which people write much: small letters among few digits are none."""
    value = candidate.matched
    if _UUID.fullmatch(value) is not None and _WHOSE.search(candidate.before) is None:
        return None
    if _CASE.search(candidate.before) and any(map(str.islower, value)) and sum(map(str.isdigit, value)) < 5:
        return None
    return coded(candidate)


_CASE = re.compile(r"\bcases?[^a-z]*\Z")


def _bare(candidate: Candidate) -> Verdict | None:
    """`ID: 987654321`: of five digits or more, not the key of a row or a request: `"id": 48213`, `txn_id=900112`."""
    if _UUID.fullmatch(candidate.matched) is not None and _WHOSE.search(candidate.before) is None:
        return None
    person = _PERSON.search(candidate.before[-40:]) is not None
    if person:
        return Verdict(0.65, "told by words")
    if _JOINED.search(candidate.before) is not None or _OF_MACHINES.search(candidate.before[-24:]):
        return None
    if _UUID.fullmatch(candidate.matched) or (_DIGEST.fullmatch(candidate.matched) and not candidate.matched.isdigit()):
        return None  # of rows, builds, containers
    return Verdict(0.65, "told by words")


def _reference(candidate: Candidate) -> Verdict | None:
    """Not a digest or a part of one, which programs make."""
    digest = _DIGEST.fullmatch(candidate.matched) is not None and not candidate.matched.isdigit()
    return None if digest else Verdict(0.7, "told by words")


def _element(candidate: Candidate) -> Verdict | None:
    start = candidate.matched.rindex(">") + 1
    value = candidate.matched[start:]
    if sum(map(str.isdigit, value)) < 4 or not candidate.after.startswith("<"):
        return None
    return Verdict(0.8, "an element of somebody's", start)


def _query(candidate: Candidate) -> Verdict | None:
    start = candidate.matched.rindex("=") + 1
    value = candidate.matched[start:]
    if sum(map(str.isdigit, value)) < 4:
        return None
    return Verdict(0.8, "asked for in an address", start)


def _in_path(candidate: Candidate) -> Verdict | None:
    """The number or code in an address: `/patients/4471902/labs`."""
    start = candidate.matched.rindex("/") + 1
    value = candidate.matched[start:]
    if _UUID.fullmatch(value) is None and sum(map(str.isdigit, value)) < 4:
        return None
    return Verdict(0.8, "in an address, told by the name before it", start)


DETECTOR = Structured(
    "record_number",
    (
        Pattern(
            "record_number.path",
            r"/(?:patients?|members?|persons?|people|subjects?|participants?|subscribers?|beneficiary|beneficiaries"
            r"|enrollees?|charts?|encounters?|claims?|customers?|clients?|employees?|practitioners?|providers?|specimens?"
            r"|prescriptions?|appointments?|users?)/[A-Za-z0-9-]*[0-9][A-Za-z0-9-]*",
            _ID,
            0.8,
            judge=_in_path,
            ignore_case=True,
        ),
        told("record_number.kind", _ID, (rf"(?:{_KINDS}) ?{_NUMBER}",), 0.85, least=3, check=_kind),
        told(
            "record_number.word",
            _ID,
            (
                "study|case|claims?|referral|accession|specimen|rx|enrollment|mrn/?csn|csn|encounter|subject|participant",
                "f?ein|employer identification(?: number)?",
                "prior auth(?:ori[sz]ation)?|authori[sz]ation|requisition|prescription|confirmation|docket|badge",
            ),
            0.7,
            least=3,
            check=_coded,
        ),
        told("record_number.id", _ID, ("ids?", "id (?:no|number)", "identifier"), least=5, check=_bare),
        told(
            "record_number.reference",
            _ID,
            (r"ref\.?(?: code)?", "reference(?: code)?", "our ref", "your ref"),
            0.7,
            least=4,
            check=_reference,
        ),
        Pattern(
            # An element of somebody's that is called number: `<Employee><No>INM-2967-836</No>`.
            "record_number.element",
            r"<(?:[a-z0-9]+:)?(?:patient|member|person|subject|employee|customer|client|insured|beneficiary|participant|staff|user"
            r"|student|subscriber|guarantor|resident|donor|enrollee|applicant|provider|practitioner)s?(?:"
            r" [^<>\n]*)?>[ \t\r\n]*"
            r"<(?:[a-z0-9]+:)?(?:no|nr|num|number|id|code|key|identifier|ref|reference)(?:"
            r" [^<>\n]*)?>[A-Za-z0-9/._-]{4,}",
            _ID,
            0.8,
            judge=_element,
            ignore_case=True,
        ),
        Pattern(
            # A query to what looks people up: `/members/search?id=48213377`.
            "record_number.query",
            r"/(?:patients?|members?|persons?|people|subjects?|participants?|subscribers?|beneficiaries|enrollees?|charts?"
            r"|encounters?|claims?|customers?|clients?|employees?|practitioners?|providers?)[/a-z_-]*[?](?:[a-z_]+=[A-Za-z0-9%._-]*&)*"
            r"(?:no|num|nr|number|id|q|value|code|key|ref)=[A-Za-z0-9-]{5,}",
            _ID,
            0.8,
            judge=_query,
            ignore_case=True,
        ),
        Pattern(
            "record_number.uuid",
            "[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}",
            _ID,
            0.8,
            judge=_uuid,
            ignore_case=True,
        ),
    ),
    "other numbers of a person, told by words; UUIDs",
)
