"""Health plan beneficiary numbers: Medicare's by their form, insurers' where words tell them."""

from __future__ import annotations

from interlock.model.label import Label
from interlock.sensitivity.pattern import Candidate, Pattern, Structured, Verdict
from interlock.sensitivity.told import coded, told

_PLAN = Label("phi.health_plan")
# CMS, "Understanding the Medicare Beneficiary Identifier format": letters but S, L, O, I, B, Z.
_L = "[AC-HJKMNP-RT-Y]"
_LN = "[AC-HJKMNP-RT-Y0-9]"
_MBI = rf"[1-9]{_L}{_LN}[0-9]-?{_L}{_LN}[0-9]-?{_L}{_L}[0-9][0-9]"


def _whole_case(candidate: Candidate) -> Verdict | None:
    letters = candidate.matched.replace("-", "")
    if letters.isupper():
        return Verdict(0.85, "Medicare's form")
    return Verdict(0.4, "Medicare's form, small letters") if letters.islower() else None


DETECTOR = Structured(
    "health_plan",
    (
        Pattern(
            "health_plan.mbi",
            _MBI,
            _PLAN,
            0.85,
            judge=_whole_case,
            context=frozenset({"mbi", "medicare", "beneficiary", "cms", "hic", "hicn", "member", "insurance"}),
            ignore_case=True,
        ),
        told(
            "health_plan.glued",
            _PLAN,
            (
                "(?:member|subscriber|beneficiary|enrollee|insured|policy ?holder) (?:id|num|no)s?",
                "(?:insurance|policy|health plan|hmo|ppo) ?(?:id|num|no|number)s?",
                "hicn?",
                "mbi",
                "(?:kranken)?versicher(?:ten|ungs)(?:nummer|nr)",
                "kvnr",
                "polis(?:nummer)?",
            ),
            0.92,
            glued=True,
        ),
        told(
            "health_plan.told",
            _PLAN,
            (
                "(?:medicare|medicaid|tricare|champva|hmo|ppo|epo|aetna|cigna|humana|anthem|kaiser|bcbs|blue cross"
                "|blue shield|united ?healthcare|uhc|molina|centene|wellcare|oscar)",
                "(?:health|insurance|ins|insured|dental|vision|medical|coverage) ?(?:plan|policy|card|group)s?",
                r"ins\.?",
                r"ins\.? (?:plan|policy|id|card)s?",
                "insurer",
                "insured",
                "coverage",
                "policy(?: ?holder)?",
                "plan",
                "plan includes policy",
                "members?",
                "membership",
                "subscribers?",
                "beneficiary",
                "enrollee",
                "payer",
                "insurance",
            ),
            0.8,
            least=4,
        ),
        told("health_plan.group", _PLAN, ("health", "group", "grp"), least=4, check=coded),
    ),
    "health plan beneficiary numbers: Medicare's form, others told by words",
)
