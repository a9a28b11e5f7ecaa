"""Health plan beneficiary numbers: Medicare's by their form, insurers' where words tell them."""

from __future__ import annotations

from interlock.model.label import Label
from interlock.sensitivity.pattern import Candidate, Pattern, Structured, Verdict
from interlock.sensitivity.told import VALUE, coded, told

_PLAN = Label("phi.health_plan")
# The number of the person under the plan behind it, in two digits: `U2456817 02`.
_NUMBER = rf"(?:[A-Za-z]{{0,4}}[0-9]{{6,12}} 0[0-9])|{VALUE}"
# CMS, "Understanding the Medicare Beneficiary Identifier format": letters but S, L, O, I, B, Z.
_L = "[AC-HJKMNP-RT-Y]"
_LN = "[AC-HJKMNP-RT-Y0-9]"
_MBI = rf"[1-9]{_L}{_LN}[0-9]-?{_L}{_LN}[0-9]-?{_L}{_L}[0-9][0-9]"


def _whole_case(candidate: Candidate) -> Verdict | None:
    letters = candidate.matched.replace("-", "")
    if letters.isupper():
        return Verdict(0.85, "Medicare's form")
    return Verdict(0.4, "Medicare's form, small letters") if letters.islower() else None


def _answered(candidate: Candidate) -> Verdict | None:
    start = candidate.matched.rindex(" ") + 1
    if sum(map(str.isdigit, candidate.matched[start:])) < 5:
        return None
    return Verdict(0.8, "the answer to who asks for one", start)


def _no_cell(candidate: Candidate) -> Verdict | None:
    """Not the company's number behind the kind of plan in HL7: `IN1|1|PPO|2176`."""
    return None if candidate.before.endswith(("ppo|", "hmo|", "epo|", "pos|")) else Verdict(0.8, "told by words")


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
        Pattern(
            # Asked for in one line of a conversation, and given in the next: `... medicare number`, `Don: its H9346`.
            "health_plan.answered",
            r"(?:medicare|medicaid|insurance|policy|member|subscriber|plan)(?: id)?(?: number| no\.?| id| card)"
            r"[^\n0-9]{0,24}\n[^\n]{0,60}(?:its|it's|it is|here|that's|is):? [A-Za-z]{0,4}[0-9][A-Za-z0-9-]{4,20}",
            _PLAN,
            0.8,
            judge=_answered,
            ignore_case=True,
        ),
        told(
            "health_plan.glued",
            _PLAN,
            (
                "(?:member|subscriber|beneficiary|enrollee|insured|policy ?holder) (?:id|num|no)s?",
                "(?:insurance|policy|health plan|hmo|ppo) ?(?:id|num|no|number)s?",
                "(?:insured|assured|scheme|membership|certificate|medicaid|medicare) ?(?:id|num|no|number|nr)s?",
                "(?:versicherten|mitglieds)(?:nummer|nr)",
                "hicn?",
                "mbi",
                "(?:kranken)?versicher(?:ten|ungs)(?:nummer|nr)",
                "kvnr",
                "polis(?:nummer)?",
            ),
            0.92,
            glued=True,
            value=_NUMBER,
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
                "insurance",
            ),
            0.8,
            least=4,
            value=_NUMBER,
            check=_no_cell,
        ),
        told("health_plan.group", _PLAN, ("health", "group", "grp"), least=4, check=coded),
    ),
    "health plan beneficiary numbers: Medicare's form, others told by words",
)
