"""Names that people sign in by, where a log tells that somebody did: in access logs, of sshd, of directories.

An account of a service is nobody's: `root`, `postgres`, `svc_etl`.
"""

from __future__ import annotations

import re
from typing import Final

from interlock.model.label import Label
from interlock.sensitivity.pattern import Beside, Candidate, Pattern, Structured, Verdict

_ID: Final = Label("phi.id")
_NAME: Final = r"[A-Za-z][A-Za-z0-9._-]*[A-Za-z0-9]"
_OF_SERVICES: Final = re.compile(
    r"(?:root|admin|administrator|adm|oracle|postgres|mysql|mongo|redis|nobody|none|null|git|gitlab|jenkins|ubuntu|debian"
    r"|centos|ec2-user|azureuser|vagrant|pi|deploy|deployer|backup|www-data|www|apache|nginx|daemon|test|tester|guest|nagios"
    r"|zabbix|ansible|terraform|ftp|ftpuser|user|users|ubnt|support|operator|service|system|sys|bin|mail|apikey|anonymous"
    r"|default|unknown|hadoop|kafka|elastic|grafana|prometheus|sync|server|client|monitor|monitoring|cron|batch|etl|api|app"
    r"|web|bot|ci|demo|dev|prod|staging|localhost|self|me|any|all|it|the|an?|to|from|in|id)(?:[0-9]{1,3})?"
    r"|(?:svc|srv|app|sys|sa|bot|ci|db|etl|api|job|robot)[._-].*"
    r"|.*[._-](?:svc|srv|bot|rw|ro|app|admin|user|api|etl|job|service|agent|sync|worker|prod|dev)",
    re.IGNORECASE,
)


def _last(candidate: Candidate) -> Verdict | None:
    """The name is the last word of the match."""
    found = re.search(rf"{_NAME}\Z", candidate.matched.rstrip("\" [,;'").rstrip())
    if found is None or _OF_SERVICES.fullmatch(found[0]):
        return None
    return Verdict(0.75, "who signed in", found.start(), found.end())


_SAID: Final = re.compile(r"[A-Za-z]+(?:[._-][A-Za-z]+[0-9]{0,4}|[0-9]{2,4})\Z")
_MADE: Final = re.compile(
    r"[a-z]+(?:-[a-z]+|\.(?:py|js|ts|go|rs|sh|sql|com|org|net|io|log|csv|json|txt|md|html|php|exe|id|name|email))"
)


def _said(candidate: Candidate) -> Verdict | None:
    """Two small words with a dot or underscore between, or one with a number behind it."""
    found = _SAID.search(candidate.matched)
    if found is None or not found[0].islower() or _OF_SERVICES.fullmatch(found[0]) or _MADE.fullmatch(found[0]):
        return None
    if candidate.matched[found.start() - 1].isalnum() or (
        candidate.after[:1] in tuple("._-@/=([") and candidate.after[1:2].isalnum()
    ):
        return None
    if _FIELDS.search(found[0]):
        return None
    return Verdict(0.7, "who signs in, in words", found.start())


_FIELDS: Final = re.compile(
    r"(?:^|_)(?:id|ids|name|names|type|key|keys|uuid|role|roles|group|status|count|token|data|info|table|list|email|by|at|no|num"
    r"|number|agent|settings|profile|account|accounts|input|guide|manual|service|pool|error|default|defined|friendly)\d*$"
    r"|^(?:user|client|is|get|set|has|db|max|min|current|last|first|new|old)[_-]"
)


def _of_request(candidate: Candidate) -> Verdict | None:
    """The third word of a line of the common log format."""
    start = candidate.matched.index(" ") + 1
    start = candidate.matched.index(" ", start) + 1
    end = candidate.matched.index(" [", start)
    if _OF_SERVICES.fullmatch(candidate.matched[start:end]):
        return None
    return Verdict(0.75, "who asked", start, end)


def _of_directory(candidate: Candidate) -> Verdict | None:
    start, end = candidate.matched.index("=") + 1, candidate.matched.index(",")
    if _OF_SERVICES.fullmatch(candidate.matched[start:end]):
        return None
    return Verdict(0.75, "an entry of a directory", start, end)


DETECTOR = Structured(
    "login_name",
    (
        Pattern(
            "login_name.request",
            rf"(?:[0-9]+\.[0-9]+\.[0-9]+\.[0-9]+|[0-9a-fA-F]+:[0-9a-fA-F:]+) [A-Za-z0-9._-]+ {_NAME}"
            r" \[[0-9]{2}/[A-Z][a-z]{2}/[0-9]{4}",
            _ID,
            0.75,
            judge=_of_request,
        ),
        Pattern(
            "login_name.session",
            rf"(?:(?:password|publickey|keyboard-interactive/pam) for(?: invalid user)?|invalid user|illegal user"
            rf"|session (?:opened|closed) for user|authenticating user|authentication failure for) {_NAME}",
            _ID,
            0.75,
            judge=_last,
            ignore_case=True,
        ),
        Pattern(
            "login_name.account",
            rf"(?:acct=\\?\"|account name:[ \t]*|logged in as |ruser=){_NAME}",
            _ID,
            0.75,
            judge=_last,
            ignore_case=True,
        ),
        Pattern(
            "login_name.directory",
            rf"(?:uid|samaccountname)={_NAME},[ ]?(?:ou|dc|cn|o)=",
            _ID,
            0.75,
            Beside.NOTHING,
            _of_directory,
            ignore_case=True,
        ),
        Pattern(
            # `actor=d.okonkwo`, `"user": "j.chen"`: two names with a dot, or one with a number.
            "login_name.keyed",
            r"(?:user|username|user_?name|login|actor|operator|principal|performed_by|created_by|updated_by|requested_by)"
            r"\\?\"?[ ]?[:=][ ]?\\?[\"']?[a-z]+(?:\.[a-z]{2,}[0-9]*|[0-9]{2,4})",
            _ID,
            0.7,
            judge=_last,
            ignore_case=True,
        ),
        Pattern(
            # In prose: `scanned by hans.jacobsen`, `user mcallister47`, `same user (shanice_k)`.
            "login_name.said",
            r"(?:user(?:name| name| id)?|login(?: name| id)?|logon|log in as|log-?in|account|handle|(?:scanned"
            r"|entered|keyed|typed"
            r"|transcribed|dictated|reported|registered|uploaded|imported|printed|edited|modified|amended"
            r"|updated|created|verified|released|filed) by|transcribed|typed|scanned)"
            r"(?: is| was| as| with|:)?[ \t]{0,4}[(\"']? ?[a-z]+(?:[._-][a-z]+[0-9]{0,4}|[0-9]{2,4})",
            _ID,
            0.7,
            judge=_said,
            ignore_case=True,
        ),
    ),
    "names that people sign in by, in logs",
)
