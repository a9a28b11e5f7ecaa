"""The mails about a review: text and simple HTML, one link, and nothing in them that votes.

Statements aren't mailed: whoever signs reads them where they sign, in the console. What the agent wrote is broken up
where a mail program would make a link of it, since these do so in plain text too.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime
from html import escape
from typing import Final
from urllib.parse import urlsplit

from interlock.channels.details import Details
from interlock.channels.notice import Notice
from interlock.model.channels import Copy

SUBJECT: Final = 200  # characters
_LINE: Final = (
    400  # characters of a header: programs misread Message-IDs on a line of their own (RFC 5322: 998 at most)
)
# Without 8-bit bytes: a server on the way may not take them (RFC 6152).
_POLICY = SMTP.clone(cte_type="7bit", max_line_length=_LINE)
_BREAKS = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]+")
_HOST = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9.-]{0,251}[A-Za-z0-9])?", re.ASCII)
# What a mail program may take for a domain: a dot (the full stops of East Asian scripts too), then a letter.
_DOTTED = re.compile(r"(?<=\w)[.\u3002\uff0e\uff61](?=[^\W\d_])")


@dataclass(frozen=True, slots=True)
class Mail:
    """Which of the mails about one copy: `kind` is "" for the first, "r1" for a reminder, "settled" for the last."""

    copy: Copy
    kind: str
    host: str

    @property
    def id(self) -> str:
        """Its Message-ID: the same for ever for the same mail."""
        end = f".{self.kind}" if self.kind else ""
        return f"<{self.copy.id.replace('/', '.')}{end}@{self.host}>"

    @property
    def first(self) -> str:
        """The Message-ID of the first mail of its thread."""
        return Mail(self.copy, "", self.host).id


def host_of(public_url: str) -> str:
    """The host that Message-IDs are made with."""
    host = urlsplit(public_url).hostname or ""
    return host if _HOST.fullmatch(host) else "interlock.invalid"


def composed(mail: Mail, details: Details, sender: str, to: str, now: datetime) -> EmailMessage:
    """The mail. `sender` and `to` are plain addresses; raises `ValueError` for what can't be one."""
    message = EmailMessage(policy=_POLICY)
    message["From"] = Address("Interlock", addr_spec=sender)
    message["To"] = Address(addr_spec=to)
    message["Subject"] = subject(details, mail.kind)
    message["Date"] = format_datetime(now)
    message["Message-ID"] = mail.id
    if mail.kind:
        message["In-Reply-To"] = message["References"] = mail.first
    message["List-Id"] = f"Interlock reviews <reviews.{mail.host}>"
    message["Auto-Submitted"] = "auto-generated"  # RFC 3834: no vacation notice answers it
    message["X-Auto-Response-Suppress"] = "All"
    lines = _lines(mail, details.notice)
    message.set_content("\n".join(lines) + "\n", charset="utf-8", cte="quoted-printable")
    message.add_alternative(_html(lines, details.notice.url), subtype="html", charset="utf-8", cte="quoted-printable")
    return message


def subject(details: Details, kind: str) -> str:
    """What stands in a list of mails: who asks for what where, of names that the settings give; never the reason."""
    before = "Re: " if kind else ""
    text = _BREAKS.sub(" ", f"{before}Interlock: {details.headline}")
    return text if len(text) <= SUBJECT else text[: SUBJECT - 1] + "…"


def unlinked(text: str) -> str:
    """The text with everything visibly broken up that a mail program would make a link of."""
    broken = text.replace("://", "[:]//").replace("@", "[at]")
    return _DOTTED.sub("[.]", broken)


def _lines(mail: Mail, notice: Notice) -> list[str]:
    settled = mail.kind == "settled"
    opening = "This needs nothing more of you." if settled else _reminder(mail.kind)
    lines = [unlinked(notice.title) + ".", unlinked(notice.state_line), *([opening] if opening else []), ""]
    lines += [f"{fact.name}: {unlinked(fact.text)}" for fact in notice.facts]
    lines += [f"Held because: {unlinked(each)}" for each in notice.because]
    lines += [] if settled else [f"Must sign: {unlinked(notice.asks)}"]
    lines += [f"Answer: {unlinked(each)}" for each in notice.answers]
    if notice.said:
        lines.append(f"What the asker says (nobody has verified it): {unlinked(notice.said)}")
    if notice.ticket:
        lines.append(f"Ticket, as the asker gives it: {unlinked(notice.ticket)}")
    lines += ["", "Read it whole, and answer, in the console:", notice.url, ""]
    lines.append("Opening the link decides nothing. This mail can't be answered.")
    return [_BREAKS.sub(" ", line) for line in lines]


def _reminder(kind: str) -> str:
    return f"Reminder {kind.removeprefix('r')}: it still waits." if kind else ""


def _html(lines: list[str], url: str) -> str:
    rows = (f'<a href="{escape(url)}">{escape(url)}</a>' if line == url else escape(line) for line in lines)
    return f"<!doctype html><html><body><p>{'<br>'.join(rows)}</p></body></html>\n"
