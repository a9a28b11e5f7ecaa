"""Other numbers and codes that are a person's own: of studies, cases, claims, referrals, visits, employees."""

from __future__ import annotations

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
_NO_PERSONS = frozenset(
    ("trace", "span", "request", "correlation", "commit", "build", "transaction", "session", "etag")
)


def _uuid(candidate: Candidate) -> Verdict | None:
    if any(word in candidate.before[-24:] or word in candidate.telling for word in _NO_PERSONS):
        return Verdict(0.1, "a machine's own")
    return Verdict(0.5, "form")


def _bare(candidate: Candidate) -> Verdict | None:
    """`ID: 987654321`: of five digits or more, and no part of a longer name."""
    return Verdict(0.65, "told by words")


DETECTOR = Structured(
    "record_number",
    (
        told("record_number.kind", _ID, (rf"(?:{_KINDS}) ?{_NUMBER}",), 0.85, least=3),
        told(
            "record_number.word",
            _ID,
            (
                "study|case|claims?|referral|accession|specimen|rx|enrollment|mrn/?csn|csn|encounter|subject|participant",
                "prior auth(?:ori[sz]ation)?|authori[sz]ation|requisition|prescription|confirmation|docket|badge",
            ),
            0.7,
            least=3,
            check=coded,
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
