"""Masking in one process, without a gateway: a profile, keys from one secret, surrogates that last as it does."""

from __future__ import annotations

import os
import secrets
import stat
from collections.abc import Sequence
from datetime import date
from pathlib import Path
from typing import Final

from interlock.errors import InterlockError, NotFound
from interlock.masking.keys import MaskKeys
from interlock.masking.marks import Wanted
from interlock.masking.masker import Call, Masker, Place
from interlock.masking.profile import Profile
from interlock.masking.profiles import PROFILES
from interlock.masking.pseudonyms import ActorPseudonyms, Pseudonyms
from interlock.masking.rule import RuleName
from interlock.masking.rules.surrogate import SURROGATE_BYTES
from interlock.masking.text import Masked, keyed_tokens, mask, unmask, wanted
from interlock.model.actor import Actor, ActorKind
from interlock.model.finding import Finding
from interlock.model.names import ActorId, ConnectionName, KeyId, PersonId
from interlock.model.secret import Secret
from interlock.sensitivity.labels import KNOWN

LEAST_KEY: Final = 32  # bytes
MOST_KEY: Final = 4096
MOST_SURROGATES: Final = 1_000_000  # of one process; values beyond get the constant of their label
NAMESPACE: Final = "library"  # apart from those of any gateway with the same secret

_KEYED: Final = frozenset({RuleName.ONE_WAY, RuleName.FORMAT, RuleName.SHIFT, RuleName.REALISTIC, RuleName.PSEUDONYM})


def profile_named(name: str) -> Profile:
    """The profile; raises `NotFound`, with those there are."""
    if name not in PROFILES:
        raise NotFound(f"no profile {name!r}; there are {', '.join(sorted(PROFILES))}")
    return PROFILES[name]


def read_key(path: Path) -> Secret[bytes]:
    """The secret in a file, without a line end behind it. Raises `InterlockError` where it can't be read, may be read
    by others, or is shorter than 32 bytes: `openssl rand -hex 32` makes one."""
    try:
        with path.open("rb") as file:
            mode = os.fstat(file.fileno()).st_mode
            found = file.read(MOST_KEY + 1).strip(b"\r\n")
    except OSError as error:
        raise InterlockError(f"the key {path} can't be read: {error.strerror}", code="key") from None
    if stat.S_ISREG(mode) and mode & (stat.S_IRWXG | stat.S_IRWXO):
        raise InterlockError(f"the key {path} may be read by others: set its mode to 0600", code="key_mode")
    if not LEAST_KEY <= len(found) <= MOST_KEY:
        raise InterlockError(f"the key {path} must have {LEAST_KEY} to {MOST_KEY} bytes", code="key")
    return Secret(found)


class LocalMasking:
    """`missing`: sentences about rules of the profile that can't work here, in whose place values are redacted."""

    def __init__(self, profile: Profile, key: Secret[bytes] | None, as_of: date) -> None:
        """`key`: for pseudonyms and date shifts; without one they don't work. `as_of`: what ages are counted up to."""
        self._surrogates: dict[Wanted, bytes] = {}
        self._keys = MaskKeys(key, NAMESPACE) if key is not None else None
        self._pseudonyms = _pseudonyms(key) if key is not None else None
        self._masker = Masker(profile, as_of, self._keys, self._pseudonyms, labels=KNOWN)
        self.missing = tuple(_missing(profile, key is not None))

    def new_call(self) -> Call:
        """Numbers that count from 1: for one document or record."""
        return Call(surrogates=self._surrogates)

    def mask(self, text: str, findings: Sequence[Finding], call: Call, subject: str = "") -> Masked:
        """The text with what was found masked. `subject`: whose record it is, such as a record number; dates of the
        same one are shifted alike, and without one they are redacted where they would be shifted."""
        place = Place(
            subject=self._keys.subject(subject.encode("utf-8", "replace")) if subject and self._keys else None
        )
        for each in wanted(text, findings, self._masker, place=place):
            if each not in self._surrogates and len(self._surrogates) < MOST_SURROGATES:
                self._surrogates[each] = secrets.token_bytes(SURROGATE_BYTES)
        return mask(text, findings, self._masker, place=place, call=call)

    def unmask(self, text: str) -> str:
        """The text with what opens here opened: pseudonyms of the same key, and surrogates that this very object gave
        out where the profile reverses them."""
        known: dict[str, str] = {}
        if self._masker.profile.reverses:
            values = {(label, random): value for (label, value), random in self._surrogates.items()}
            for token, (label, random) in keyed_tokens(text).items():
                if (value := values.get((label, random))) is not None:
                    known[token] = value.decode("utf-8", "replace")
        return unmask(text, self._pseudonyms, known)


def _missing(profile: Profile, has_key: bool) -> list[str]:
    rules = {choice.rule for choice in profile.rules.values()}
    told = []
    if not has_key and (keyed := sorted(rules & _KEYED)):
        told.append(f"the profile {profile.name} has rules that need a key ({', '.join(keyed)}), and none was given")
    if has_key and RuleName.REALISTIC in rules:
        told.append(f"the profile {profile.name} makes names up, and nothing is there to make them")
    return [f"{each}: those values are redacted, or numbered" for each in told]


def _pseudonyms(key: Secret[bytes]) -> ActorPseudonyms:
    nobody = PersonId(NAMESPACE)
    holder = Actor(ActorKind.SERVICE, ActorId(NAMESPACE), frozenset(), nobody, KeyId(NAMESPACE), nobody, nobody)
    return Pseudonyms(key).of(ConnectionName(NAMESPACE), holder)
