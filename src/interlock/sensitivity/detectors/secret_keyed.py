"""Vendors whose keys have no form of their own: known by the vendor's name before a value of the right form."""

from __future__ import annotations

import re
from typing import Final

from interlock.model.label import Label
from interlock.sensitivity.credentials import bits, is_placeholder
from interlock.sensitivity.pattern import Beside, Candidate, Judge, Pattern, Structured, Verdict

_UUID: Final = r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}"
# Vendor, what its variables and fields begin with, the value's form.
_VENDORS: Final = (
    ("datadog", r"(dd[_-]|datadog)", r"[0-9a-f]{32,40}"),
    ("cloudflare", r"(cf[_-]|cloudflare)", r"[A-Za-z0-9_-]{37,40}"),
    ("fastly", r"fastly", r"[A-Za-z0-9_-]{32}"),
    ("okta", r"okta", r"00[A-Za-z0-9_-]{38,40}"),
    ("twilio", r"twilio", r"[0-9a-f]{32}"),
    ("cohere", r"(cohere|co_api_)", r"[A-Za-z0-9]{40}"),
    ("mistral", r"mistral", r"[A-Za-z0-9]{32}"),
    ("heroku", r"heroku", _UUID),
    ("snowflake", r"snowflake", r"[A-Za-z0-9+/=_.-]{24,}"),
    ("algolia", r"algolia", r"[0-9a-f]{32}"),
    ("snyk", r"snyk", _UUID),
    ("postmark", r"postmark", _UUID),
    ("wandb", r"wandb", r"[0-9a-f]{40}"),
    ("pagerduty", r"(pd_|pagerduty)", r"[A-Za-z0-9_+-]{20,32}"),
    ("opsgenie", r"opsgenie", _UUID),
    ("circleci", r"circle(ci|_)", r"[0-9a-f]{40}"),
    ("travis", r"travis", r"[A-Za-z0-9_-]{20,22}"),
    ("azure", r"(azure|ocp-apim|openai|cognitive)", r"[0-9a-f]{32}"),
    ("mapbox", r"mapbox", r"[A-Za-z0-9_.-]{40,}"),
    ("bitbucket", r"bitbucket", r"[A-Za-z0-9=_-]{20,}"),
    ("auth0", r"auth0", r"[A-Za-z0-9_-]{32,64}"),
)
_NAMED: Final = re.compile(r"(?i)(?:key|token|secret|sid|auth|password)[\w.-]*[\\\"'\] \t]*[=:,]")
_LAST: Final = re.compile(r"[^\s\"'=:,<>\\]+=*$")


def _value_of(form: str) -> Judge:
    """A judge that passes a value of the form. The expression can't hold it: hyperscan takes no such long repeat behind
    another one."""
    whole = re.compile(form)

    def judge(candidate: Candidate) -> Verdict | None:
        found = _LAST.search(candidate.matched)
        if _NAMED.search(candidate.matched) is None:
            return None
        if found is None or whole.fullmatch(found[0]) is None or is_placeholder(found[0]):
            return None
        if bits(found[0]) < 2.5 or not any(c.isdigit() for c in found[0]):
            return None
        return Verdict(0.95, "the vendor's name before a value of its form", found.start())

    return judge


def _pattern(vendor: str, begins: str, form: str) -> Pattern:
    return Pattern(
        f"keyed.{vendor}",
        # Loose, since every bounded repeat behind an open one makes hyperscan's automaton many times larger.
        rf"{begins}[A-Za-z0-9_.-]{{0,}}[\\\"'\] \t]{{0,}}[=:,][>\\\"' \t]{{0,}}[A-Za-z0-9+/=_.-]{{16,}}",
        Label(f"secret.{vendor}"),
        0.95,
        Beside.WORD,
        _value_of(form),
        ignore_case=True,
    )


DETECTOR = Structured(
    "secret_keyed",
    tuple(_pattern(*vendor) for vendor in _VENDORS),
    "keys of Datadog, Cloudflare, Fastly, Okta, Twilio, Cohere and others, by name and form",
)
