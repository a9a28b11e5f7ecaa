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
    "|donor|enrollment|enrolment|employee|staff|badge|personnel|payroll|student|prescription|rx|order|requisition"
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
# The word that `id` is joined to, and whether it stands as keys of programs do.
_JOINED = re.compile(r"([a-z0-9]*)[_.-]ids?[^a-z]*\Z|(?<![a-z])ids?(?:[\"'`]\s*[=:]|\s*=)[\"'\s]*\Z")


def _uuid(candidate: Candidate) -> Verdict | None:
    if _OF_MACHINES.search(candidate.before[-24:]) or _OF_MACHINES.search(candidate.telling):
        return Verdict(0.1, "a machine's own")
    return Verdict(0.5, "form")


def _kind(candidate: Candidate) -> Verdict | None:
    """Rows of orders and files are numbered, too: as keys, and shortly."""
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
    if _CASE.search(candidate.before) and any(map(str.islower, value)) and sum(map(str.isdigit, value)) < 5:
        return None
    return coded(candidate)


_CASE = re.compile(r"\bcases?[^a-z]*\Z")


def _bare(candidate: Candidate) -> Verdict | None:
    """`ID: 987654321`: of five digits or more, not the key of a row or a request: `"id": 48213`, `txn_id=900112`."""
    joined = _JOINED.search(candidate.before)
    if joined is not None and not _PERSON.search(candidate.before[-40:]):
        return None
    return Verdict(0.65, "told by words")


DETECTOR = Structured(
    "record_number",
    (
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
        ),
        Pattern(
            "record_number.uuid",
            "[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}",
            _ID,
            0.5,
            judge=_uuid,
            context=frozenset(
                {"patient", "subject", "member", "person", "user", "participant", "customer", "employee"}
            ),
            ignore_case=True,
        ),
    ),
    "other numbers of a person, told by words; UUIDs",
)
