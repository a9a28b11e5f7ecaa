"""Passwords that their names give away: key=value, JSON, YAML, environment, code, XML, SQL, and sentences."""

from __future__ import annotations

import re
from typing import Final

from interlock.model.label import Label
from interlock.sensitivity.pattern import Beside, Candidate, Pattern, Structured, Verdict
from interlock.sensitivity.placeholders import is_nothing, is_reference
from interlock.sensitivity.telling_keys import GIVES, TAIL, VALUE, Given, given

_LABEL: Final = Label("secret.password")
_NAMES: Final = (
    r"(passwords?|passwd|passphrase|passcode|passwort|pass|pwd|pswd|pword|psw|pw|contrasena|contrase\xc3\xb1a|kennwort|"
    r"senha|wachtwoord|mot_?de_?passe|mdp|parola|haslo|requirepass|masterauth|bindpw|rootpw|dbpw|wpa_?psk|wifi_?psk|wlan_?psk|psk)"
)
_SHORT: Final = re.compile(r"(?i)(?:pass(?!w|c|p)|pw(?!d|o)|psw(?!d)|psk|mdp|haslo|parola)")
# A sentence about passwords goes on behind the word: `password: must be changed`.
_GOES_ON: Final = re.compile(r"[ \t]+[a-z]{2,}(?![\w=:/@-])|'[a-z]")
_STRONG: Final = re.compile(r"[0-9]|[^A-Za-z0-9\s.,'-]|[a-z][A-Z]")
_COMPARED: Final = ("==", "===")


def _assigned(candidate: Candidate) -> Verdict | None:
    told = given(candidate)
    if told is None or told.is_about or not _is_own_word(candidate, told) or not _may_be(told.value):
        return None
    if told.sign in _COMPARED and not told.quoted:
        return None
    if not told.quoted and (_is_code(candidate, told) or _reads_as_prose(candidate, told)):
        return None
    return Verdict(0.9, "behind a name of passwords", told.start, told.end)


_OTHER: Final = re.compile(r"(?i)pass(?:key|enger|age|ive|ing|ed(?![a-z])|es(?![a-z])|port|able|ion|_?rate)")
_OWNERS: Final = re.compile(r"(?:db|app|user|admin|root|ftp|smtp|mail|sql|pg|ssh|wifi|vnc|auth|login|host|proxy)$")
_MEMBER: Final = re.compile(r"[A-Za-z_]+(?:\.[A-Za-z_]+)+")


def _is_own_word(candidate: Candidate, told: Given) -> bool:
    """Whether the name isn't the end of another word: `bypass`, `compass`. `dbPass` and `db_pass` are."""
    if _OTHER.match(told.name):
        return False
    short = _SHORT.match(told.name)
    if short is None:
        return True
    before = candidate.before[-1:]
    if before.isalpha() and not told.name[:2].istitle():
        return _OWNERS.search(candidate.before) is not None
    rest = told.name[short.end() :]
    counted = told.value.isdigit() and len(told.value) < 6
    return (not rest or not rest[0].islower()) and not counted


def _is_code(candidate: Candidate, told: Given) -> bool:
    """Whether a program gives one name's value to another: `pw = pw[:-1]`, `user, password = user, password`,
    `MAX = module.NAME`, `f(password=given)`."""
    digits = sum(map(str.isdigit, told.value))
    if told.indented and told.sign == "=" and (_MEMBER.fullmatch(told.value) or _INDEXED.search(told.value)):
        return True
    if not _IDENTIFIER.fullmatch(told.value):
        return False
    rest = candidate.matched[told.end :] + candidate.after
    return _CODE_BEHIND.match(rest) is not None or (
        told.indented and told.sign == "=" and "_" in told.value and digits < 3
    )


_IDENTIFIER: Final = re.compile(r"[A-Za-z_]+(?:_[A-Za-z0-9_]*)?")
_INDEXED: Final = re.compile(r"\A\(?[a-z_]+[.\[(]")
_CODE_BEHIND: Final = re.compile(r"[ \t]*(?:[,)\]](?!\S*[0-9])|=[^=]|\Z[^\s\S])")


def _reads_as_prose(candidate: Candidate, told: Given) -> bool:
    """`password: must be`, `the password: don't`."""
    return told.indented and not _STRONG.search(told.value) and _GOES_ON.match(candidate.after) is not None


def _may_be(value: str) -> bool:
    if " " in value and _PHRASE.match(value):
        return False
    return len(value) >= 3 and not is_nothing(value) and not is_reference(value) and value.strip("*xX.•") != ""


def _behind_tag(candidate: Candidate) -> Verdict | None:
    text = candidate.matched
    start, end = text.index(">") + 1, text.rindex("<")
    value = text[start:end]
    return Verdict(0.9, "in an element of passwords", start, end) if _may_be(value) else None


_PHRASE: Final = re.compile(r"(?i)(?:an?|the|your|this|must|is|or|for|to|no|please|enter|choose|new|current|invalid) ")
_PAIR: Final = re.compile(r"(?i)value[\\\"']{0,4}\s*[:=]\s*[\\]{0,3}[\"']?")


def _named_pair(candidate: Candidate) -> Verdict | None:
    text = candidate.matched
    opening = _PAIR.search(text)
    if opening is None:
        return None
    start, end = opening.end(), len(text.rstrip("\\\"'"))
    if end <= start or not _may_be(text[start:end]):
        return None
    return Verdict(0.9, "the value of a name of passwords", start, end)


def _in_sql(candidate: Candidate) -> Verdict | None:
    text = candidate.matched
    if text[0] in "pP" and (candidate.before[-1:] in ("_", ".") or candidate.before[-1:].isalnum()):
        return None  # a function's name ends so: `add_password('realm'`
    start, end = text.index("'") + 1, len(text) - 1
    return Verdict(0.95, "in SQL", start, end) if _may_be(text[start:end]) else None


def _argument(candidate: Candidate) -> Verdict | None:
    text = candidate.matched
    end = len(text) - 1
    start = max(text.rfind("'", 0, end), text.rfind('"', 0, end)) + 1
    value = text[start:end]
    if not _may_be(value) or " " in value or not _STRONG.search(value):
        return None
    return Verdict(0.9, "an argument behind a name of secrets", start, end)


def _before_word(candidate: Candidate) -> Verdict | None:
    value = candidate.matched.split(" ", 1)[0].strip("\"'`(,:;")
    if not _may_be(value) or not re.search(r"[A-Za-z]", value) or not re.search(r"[0-9!#$%&*@^?]", value):
        return None
    start = candidate.matched.index(value)
    return Verdict(0.8, "a sentence tells a password", start, start + len(value))


_SPOKEN: Final = re.compile(
    r"(?i)(?:\b(?:is|was|to|as|be|use|ist|es|now|currently|still|just|probably|again|only|simply|always|also"
    r"|password):?|:)[ \t]+[\"'“`]?"
)


def _spoken(candidate: Candidate) -> Verdict | None:
    """In a sentence, what is quoted or has a digit, a sign or mixed case in it: `the password is Sommer2024!`."""
    text = candidate.matched
    openings = list(_SPOKEN.finditer(text))
    if not openings:
        return None
    start = openings[-1].end()
    value = text[start:].rstrip(".,;:?)\"'”`")
    quoted = text[start - 1] in "\"'“`"
    if not _may_be(value) or not (_STRONG.search(value.rstrip("!")) or (quoted and " " not in value)):
        return None
    return Verdict(0.8, "a sentence tells a password", start, start + len(value))


def _next(candidate: Candidate) -> Verdict | None:
    """What stands next to the word and has digits or signs among its letters: a password, not a sentence that"
    " goes on."""
    text = candidate.matched
    start = max(text.rfind(" "), text.rfind("\t")) + 1
    start += text[start] in "/,"
    start += text[start] in "\"'`("
    value = text[start:].rstrip(".,;:?)\"'`")
    inner = value.rstrip("!")
    if not _may_be(value) or not re.search("[A-Za-z]", inner) or not re.search(r"[0-9]|[^\w\s.,'/-]", inner):
        return None
    if re.fullmatch("[a-z]+-[0-9]+", value) or "://" in value or "=" in value or "(" in value or ":" in value:
        return None
    return Verdict(0.8, "next to a word of passwords", start, start + len(value))


DETECTOR = Structured(
    "secret_password",
    (
        Pattern(
            "password.assigned",
            _NAMES + TAIL + GIVES + VALUE,
            _LABEL,
            0.9,
            Beside.NOTHING,
            _assigned,
            ignore_case=True,
            longest=512,
        ),
        Pattern(
            "password.element",
            r"<[a-z0-9:_-]{0,}(password|passwd|passphrase|pwd)[a-z0-9_-]{0,}( [^<>\n]{1,})?>[^<>\n]{3,}</",
            _LABEL,
            0.9,
            Beside.NOTHING,
            _behind_tag,
            ignore_case=True,
            longest=512,
        ),
        Pattern(
            "password.pair",
            r"(password|passwd|passphrase|pwd)[a-z0-9_-]{0,}[\\]{0,3}[\"']?[, \t\r\n]{1,}"
            r"[\\]{0,3}[\"']?(default)?value"
            r"[\\]{0,3}[\"']?[ \t]{0,}[:=][ \t]{0,}[\\]{0,3}"
            r"([\"'][^\"'\\\n]{3,}[\"']|[!#-&(-+\--;=?-~]{3,})",
            _LABEL,
            0.9,
            Beside.NOTHING,
            _named_pair,
            ignore_case=True,
            longest=512,
        ),
        Pattern(
            # `define('DB_PASSWORD', 'x')`, `env.set("password", "x")`
            "password.argument",
            r"\([ \t]*[\"'][a-z0-9_.-]*(password|passwd|passphrase|passwort|pwd|_pass|secret|api_?key|token|auth_key"
            r"|_salt|_key)"
            r"[0-9]*[\"'][ \t]*,[ \t]*[\"'][^\"'\n]{3,}[\"']",
            _LABEL,
            0.9,
            Beside.NOTHING,
            _argument,
            ignore_case=True,
            longest=512,
        ),
        Pattern(
            # `Hunter2! is my password`
            "password.before",
            r"[!-~]{4,} (is|was|as|=) (my|the|his|her|our|your|their)( new| old| current)? "
            r"(password|passcode|passphrase|pwd)",
            _LABEL,
            0.8,
            Beside.NOTHING,
            _before_word,
            ignore_case=True,
        ),
        Pattern(
            "password.sql",
            r"(identified (with [a-z0-9_]{1,} )?by( password)?|password|old_password)[ (]{1,2}[eE]?'[^'\n]{3,}'",
            _LABEL,
            0.95,
            Beside.NOTHING,
            _in_sql,
            ignore_case=True,
        ),
        Pattern(
            "password.spoken",
            r"(password|passcode|passphrase|passwort|kennwort|contrase\xc3\xb1a|pwd|pass|pw|pin|creds|wachtwoord|senha)"
            r"( [a-z0-9_@./'-]{1,}){0,6}( is| was| to| as| be| use| ist| es|:)( now| currently| still| just|"
            r" probably| again| only| simply| always| also)?:?[ \t]{1,}"
            r"[\"'`]?[!-~\x80-\xff]{4,}|login[ \t]{1,}[!-~]{1,}[ \t\r\n]{1,}password[ \t]{1,}[!-~\x80-\xff]{4,}",
            _LABEL,
            0.8,
            Beside.WORD,
            _spoken,
            ignore_case=True,
        ),
        Pattern(
            # `Login for the portal: ledbetter11 / vbP7MLkEkuVJUn`
            "password.pair_of_login",
            r"(login|logon|log-in|sign-in|creds|credentials|credential|user/pass|user/pw|account|access)("
            r" [a-z]{2,12}){0,4}:[ \t]{1,2}"
            r"[A-Za-z][A-Za-z0-9._@-]{2,} ?(/|,| - ) ?[!-~]{6,}",
            _LABEL,
            0.8,
            Beside.WORD,
            _next,
            ignore_case=True,
        ),
        Pattern(
            # `temp pass yDS!ldw5JQcw`, `wifi pw Sommer2024`
            "password.next",
            r"(temp|temporary|initial|default|new|old|admin|root|wifi|wi-fi|vpn|login|db|database|guest|portal|email|my|his|her|the"
            r"|your|our|same|current|user|pc|shared|ehr|emr|epic|citrix|network|windows|service)[ -]"
            r"(pass|password|passcode|passwd|pwd|pw|passphrase)[ \t]{1,}[\"'`(]?[!-~]{6,}",
            _LABEL,
            0.8,
            Beside.WORD,
            _next,
            ignore_case=True,
        ),
    ),
    "passwords behind a telling name",
)
