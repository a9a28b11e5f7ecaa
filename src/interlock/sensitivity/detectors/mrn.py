"""Medical record numbers: no form of their own, so only where words tell them."""

from __future__ import annotations

import re

from interlock.model.label import Label
from interlock.sensitivity.pattern import Candidate, Pattern, Structured, Verdict
from interlock.sensitivity.told import told


def _another(candidate: Candidate) -> Verdict:
    return Verdict(0.8, "beside another", candidate.matched.rindex(" ") + 1)


_LAST = re.compile(r"[A-Za-z]{0,4}-?[0-9][A-Za-z0-9-]{4,}\Z")
_OTHER = re.compile(
    r"\b(?:phone|tel|telephone|cell|call|fax|dob|born|birth|ssn|zip|date|acct|account|policy|member|insurance|claim|visit"
    r"|ticket|order|\$|mobile|pager|ext|icd|cpt|ndc|loinc|email|plan|licen[sc]e|passport|plate|serial|age|room|bed|room)\b",
    re.IGNORECASE,
)


def _spoken(candidate: Candidate) -> Verdict | None:
    value = _LAST.search(candidate.matched)
    if value is None or candidate.after[:1] in ("/", ":") or "_" in candidate.matched:
        return None
    told = candidate.matched[: value.start()]
    digits = sum(map(str.isdigit, value[0]))
    if digits < 5 or _OTHER.search(told) or _DATE.fullmatch(value[0]) or "=" in told or "|" in told:
        return None
    if len(value[0]) > 14 or re.search(r"[.!?] [A-Z]", told[24:]):
        return None
    return Verdict(0.75, "spoken of before", value.start())


_DATE = re.compile(r"[0-9]{1,4}-[0-9]{1,2}-[0-9]{1,4}")


DETECTOR = Structured(
    "mrn",
    (
        told(
            "mrn.glued",
            Label("phi.mrn"),
            (
                "mrns?",
                "mr no",
                "med(?:ical)? ?rec(?:ord)?s?",
                "emrn",
                "mpi",
                "empi",
                "(?:patienten|patient|fall|kranken)(?:nummer|nr)",
            ),
            0.95,
            glued=True,
            years=True,
            pairs=True,
        ),
        # Another one beside it: `MRN 5485007 is a duplicate of 27333686`.
        Pattern(
            "mrn.another",
            r"mrns?[ :#]+[A-Za-z]{0,3}-?[0-9]{5,12}(?:,? (?:is|was|and|or|vs|not|with|into|to|a|the|same|as|duplicate"
            r"|of|merged|merge|old|new|mrn|instead))+ [A-Za-z]{0,3}-?[0-9]{5,12}",
            Label("phi.mrn"),
            0.8,
            judge=_another,
            ignore_case=True,
        ),
        # Asked for or spoken of, and given somewhat later: `what's the mrn? pacs shows two, 4711002`.
        Pattern(
            "mrn.spoken",
            r"(?:mrns?|(?:two|three|both|duplicate|wrong|other|old|new|merged?|these) (?:charts?|records)"
            r"|medical record(?: number| no\.?| num)?|(?:hospital|chart|record|patient|unit) (?:number|num|no\.?|id))"
            r"[^0-9\n\x1e]{2,48}[0-9][A-Za-z0-9-]{4,}",
            Label("phi.mrn"),
            0.75,
            judge=_spoken,
            ignore_case=True,
        ),
        told(
            "mrn.told",
            Label("phi.mrn"),
            (
                "(?:patient|pt|chart|hospital|clinic|health|unit) (?:record|chart|unit)",
                "patient ?(?:id|ident|identifier|number|num|no|nbr|account)s?",
                "pt ?(?:id|no|num|number)s?",
                "(?:hospital|clinic|facility) ?(?:id|no|num|number)s?",
                r"(?:hosp|pat|pt|reg|regn|registration|folder|file|unit|record|chart|notes|case ?notes|dossier"
                r"|uhid|urn?|umrn|crn|hrn|epr|ehr|emr|epic"
                r"|cerner|meditech|pas|rio|systmone|emis) ?(?:id|no|nr|num|number|#)s?\.?",
                r"(?:hosp(?:ital)?|pat|pt|reg|adm|chart|rec)\.? (?:no|nr|num|number|id|#)\.?",
                "uhid|umrn|urn|hrn|crn|chi|nhc|ipp|cr no|ip no|op no|ipd no|opd no",
                "historia cl(?:i|\xc3\xad|í)nica|n(?:u|\xc3\xba|ú)mero de historia|dossier(?:nummer)?"
                "|fall(?:nummer|nr)?|cartella clinica|nosologico",
                "chart",
                "mr",
                "unit",
                "record",
            ),
            0.85,
        ),
    ),
    "medical record numbers, told by words",
)
