"""What a word may be: bits told from its shape, the gazetteers and the lists of this package."""

from __future__ import annotations

import re
from collections.abc import Mapping
from enum import IntFlag

from interlock.sensitivity.gazetteer import Tables
from interlock.sensitivity.names import cues, vetoes
from interlock.sensitivity.names.eponyms import EPONYMS
from interlock.sensitivity.names.things import SHORTHAND


class Is(IntFlag):
    """What a word may be; several at once."""

    CAPITAL = 1  # begins with a capital and isn't all capitals
    UPPER = 2  # all capitals, two letters or more
    INITIAL = 4  # one capital letter
    LOWER = 8
    GIVEN = 16  # a given name, and no ordinary word
    MAYBE_GIVEN = 32  # a given name and an ordinary word
    FAMILY = 64
    MAYBE_FAMILY = 128
    UNKNOWN = 256  # in no list of words: a name nobody listed, a brand, a misprint
    ORDINARY = 512
    VETO = 1024  # never a name, whatever stands beside it
    ALONE_VETO = 2048  # no name by itself: an eponym, a town, a heading that is a name too
    TITLE = 4096
    PLAIN_TITLE = 8192
    PARTICLE = 16384
    CREDENTIAL = 32768
    SUFFIX = 65536
    INSTITUTION = 131072  # makes the words before it an institution or a street
    PLACE = 262144
    EPONYM = 524288
    FOREIGN = 1048576
    POSSESSIVE = 2097152
    COMMON_NAME = 4194304  # heard daily: it counts without anything else that tells
    NUMBER = 8388608
    STOP = 16777216  # as frequent as "her": begins no name
    SURE_GIVEN = 33554432  # a given name also where no capital shows it


_BITS: Mapping[str, int] = {flag.name: int(flag) for flag in Is if flag.name}  # plain integers: flags are slow to join
CAPITAL, UPPER, INITIAL, LOWER = (_BITS[n] for n in ("CAPITAL", "UPPER", "INITIAL", "LOWER"))
GIVEN, MAYBE_GIVEN, FAMILY, MAYBE_FAMILY = (_BITS[n] for n in ("GIVEN", "MAYBE_GIVEN", "FAMILY", "MAYBE_FAMILY"))
UNKNOWN, ORDINARY, VETO, ALONE_VETO = (_BITS[n] for n in ("UNKNOWN", "ORDINARY", "VETO", "ALONE_VETO"))
TITLE, PLAIN_TITLE, PARTICLE, CREDENTIAL = (_BITS[n] for n in ("TITLE", "PLAIN_TITLE", "PARTICLE", "CREDENTIAL"))
SUFFIX, INSTITUTION, PLACE, EPONYM = (_BITS[n] for n in ("SUFFIX", "INSTITUTION", "PLACE", "EPONYM"))
FOREIGN, POSSESSIVE, COMMON_NAME, NUMBER = (_BITS[n] for n in ("FOREIGN", "POSSESSIVE", "COMMON_NAME", "NUMBER"))
STOP, SURE_GIVEN = (_BITS[n] for n in ("STOP", "SURE_GIVEN"))

NAMED = GIVEN | FAMILY
ANY_NAME = NAMED | MAYBE_GIVEN | MAYBE_FAMILY | UNKNOWN

# Endings that family names have and hardly anything else does.
_FORM = re.compile(
    r".{2,}(?:ović|ević|ić|ov|ev|ovich|evich|ova|eva|ová|ova|enko|enka|czyk|czak|wicz|ński|ńska|owski|owska|ewski|ewska|ski|ska|"
    r"sson|ssen|elsen|nsen|rsen|tsen|ksen|dsen|dóttir|dottir|ström|strøm|qvist|quist|gren|nen|lainen|escu|eanu|oglu|oğlu|poulos|opoulos|akis|idis|iadis|"
    r"yan|ian|shvili|dze|adze|vili|ishi|awa|moto|mura|yama|ández|ández|ández|ández|ez|eira|inho|ello|etti|elli|ucci|acci|"
    r"baum|stein|berg|mann|bauer|meier|meyer|huber|stad|gaard|dahl|lund|vold|haug|heim|veld|stra|sma|inck|aert|aerts|"
    r"chuk|czuk|uk|iuk|skyy|sky|skyi|skaya|skiy|tskiy|nyi|ets|ević|eski|ovski|evska|ovska|oski|ienė|aitė|ytė|"
    r"iņš|ņš|sons|kulov|baev|bayev|ullah|uddin|eddine|zadeh|pour|nejad|rajah|murthy|swamy|appa|nathan|wardene|singhe)"
)
_OF_PROGRAMS = re.compile(
    r"[A-Z][a-z]+(?:[A-Z][a-z]+)*(?:Error|Exception|Warning|Interrupt|Exit|Iteration|Timeout|Fault)"
)
_MIXED = re.compile(
    r"(?!IJ)[A-Z]{2,}[a-z]+[A-Z]?|(?!(?:Mc|Mac|De|La|Da|Di|Le)[A-Z])[A-Za-z]*[a-z][A-Z]{1,3}"
)  # HFpEF, HbA
_SHORT = 6  # a longer one is a name with letters around it
_MOST_WORDS = 100_000
_LONGEST = 40
_RARE = 25  # ten times the Zipf frequency: what is rarer is hardly a word people know
_RARELY_SAID = 32
_BORNE = 16  # 0.004 per cent of bearers: a word that rare is more often the name
_EVERYWHERE = 55  # the three hundred most frequent words
_TALKED_OF = 38
_HEARD = 24  # 0.025 per cent of bearers


def base_of(word: str) -> str:
    """The word without a possessive ending, lower case."""
    lower = word.lower()
    if "'" not in lower and "’" not in lower:
        return lower
    lower = lower.replace("’", "'")
    return lower[:-2] if lower.endswith("'s") else lower.rstrip("'")


class Lexicon:
    """Looks words up, and remembers what it found for the last 100,000."""

    __slots__ = ("_known", "_tables")

    def __init__(self, tables: Tables) -> None:
        self._tables = tables
        self._known: dict[str, int] = {}

    @property
    def tables(self) -> Tables:
        """What it looks words up in."""
        return self._tables

    def of(self, word: str) -> int:
        """The bits of a word as it is written."""
        if len(word) > _LONGEST:  # nor is it remembered: a hostile text would fill the memory
            return LOWER | ORDINARY
        known = self._known.get(word)
        if known is None:
            if len(self._known) >= _MOST_WORDS:
                self._known.clear()
            known = self._known[word] = self._look(word)
        return known

    def _look(self, word: str) -> int:
        if not word[0].isalpha():
            return NUMBER
        base = base_of(word)
        bits = _shape(word, base) | (POSSESSIVE if len(base) < len(word) else 0)
        if bits & INITIAL:
            return bits | (PARTICLE if base in ("y", "e") else 0)
        bits |= self._names(base) | _words(base, bits)
        abbreviated = len(word) <= _SHORT and _MIXED.fullmatch(word) is not None
        if not bits & NAMED and (abbreviated or _OF_PROGRAMS.fullmatch(word)):
            bits |= VETO
        return self._settled(base, bits)

    def _names(self, base: str) -> int:
        tables = self._tables
        given, family = tables.given.get(base, -1), tables.surnames.get(base, -1)
        if "-" in base or "'" in base:
            return self._compound(base)
        zipf = tables.words.get(base, 0)
        seldom = _RARELY_SAID if max(given, family) >= _BORNE else _RARE
        ordinary = zipf > seldom and base in tables.ordinary
        bits = ORDINARY if ordinary else 0
        if ordinary and zipf >= _EVERYWHERE and max(given, family) < _HEARD:
            bits |= STOP
        if given >= 0 and (len(base) > 2 or given >= _HEARD):
            bits |= MAYBE_GIVEN if ordinary else GIVEN
        if family >= 0 and (len(base) > 2 or family >= 12):
            bits |= MAYBE_FAMILY if ordinary else FAMILY
        if not ordinary and max(given, family) >= _HEARD and len(base) > 2:
            bits |= COMMON_NAME
        if bits & GIVEN and (bits & COMMON_NAME or (len(base) > 4 and zipf < _TALKED_OF)):
            bits |= SURE_GIVEN if base not in vetoes.WORDS_TOO else MAYBE_GIVEN
        if base in tables.foreign:
            bits |= FOREIGN
        if not bits & ~FOREIGN:
            bits |= self._unlisted(base, zipf)
        return bits | self._place(base)

    def _unlisted(self, base: str, zipf: int) -> int:
        if len(base) < 3:
            return ORDINARY
        if zipf < _RARE and _FORM.fullmatch(base) and not _word_like(base):
            return FAMILY
        return UNKNOWN if zipf < _RARE and base not in self._tables.foreign else 0

    def _place(self, base: str) -> int:
        tables = self._tables
        if base in tables.countries or base in tables.states:
            return PLACE
        return PLACE if tables.cities.get(base, 0) >= 40 or tables.us_cities.get(base, 0) >= 20 else 0

    def _compound(self, base: str) -> int:
        """Of words joined by hyphens or apostrophes: Mary-Jane, Smith-Jones, O'Brien, al-Farsi."""
        tables = self._tables
        whole = base.replace("'", "").replace("-", "")
        if base in tables.given or ("-" not in base and whole in tables.given and whole not in tables.ordinary):
            return GIVEN
        if base in tables.surnames or (base[:2] in ("o'", "d'", "l'", "n'") and whole in tables.surnames):
            return FAMILY
        if tables.words.get(base, 0) >= 30:
            return ORDINARY
        parts = [p for p in re.split(r"[-']", base) if p]
        rest = [p for p in parts if p not in cues.PARTICLES]
        if not rest or any(len(p) < 2 for p in rest) or "'" in base[1:-2][1:]:
            return UNKNOWN if base[:2] in ("o'", "d'") and len(base) > 4 else ORDINARY
        kinds = [self._names(p) for p in rest]
        if any(k & ORDINARY and not k & (MAYBE_FAMILY | MAYBE_GIVEN) for k in kinds):
            return ORDINARY
        if not any(k & NAMED for k in kinds):
            return ORDINARY if any(k & ORDINARY for k in kinds) else UNKNOWN
        return GIVEN if kinds[0] & GIVEN and all(k & (GIVEN | MAYBE_GIVEN) for k in kinds) else FAMILY

    def _settled(self, base: str, bits: int) -> int:
        """What is vetoed: for good when it is hardly a name, else when it stands alone."""
        tables = self._tables
        weight = max(tables.given.get(base, -1), tables.surnames.get(base, -1))
        short = bits & (UPPER | LOWER) and base in SHORTHAND
        if base in vetoes.NEVER or short or (bits & UPPER and base in vetoes.STUDIES):
            bits |= ALONE_VETO if weight >= 20 else VETO
        elif weight < 16 and vetoes.MEDICAL.fullmatch(base) and not base.endswith(_LOOK_MEDICAL):
            bits |= VETO if weight < 0 else ALONE_VETO
        if "-" in base and any(part in EPONYMS and tables.surnames.get(part, -1) < 28 for part in base.split("-")):
            bits |= EPONYM | ALONE_VETO
        if "-" in base and all(part in EPONYMS for part in base.split("-")):
            bits |= EPONYM | ALONE_VETO
        if base in EPONYMS:
            bits |= EPONYM | (ALONE_VETO if weight < 28 else 0)
        if base in vetoes.FACILITIES:
            bits |= ALONE_VETO
        if bits & PLACE and weight < 34:
            bits |= ALONE_VETO
        return bits


# Given names end so too (Jasmine, Adeline, Chase): only words that are no names fall to them.
_LOOK_MEDICAL = ("amine", "azine", "ase", "cept", "mide", "zide", "uria", "oma", "idine", "quine", "caine")


def _shape(word: str, base: str) -> int:
    if len(base) == 1:
        return INITIAL if word[0].isupper() else LOWER
    if word[0].islower() and not any(c.isupper() for c in word[1:]):
        return LOWER
    letters = word[: len(base)]
    if letters.isupper():
        return UPPER
    if word[0].isupper():
        return CAPITAL
    # Scripts without letter case, al-Farsi, d'Angelo, van't; iPhone and mRNA are no names.
    if not word[0].islower():
        return CAPITAL
    return CAPITAL if "-" in word or "'" in word or "’" in word else LOWER


def _words(base: str, shape: int) -> int:
    bits = 0
    if base in cues.TITLES:
        bits |= TITLE | (PLAIN_TITLE if base in cues.PLAIN_TITLES else 0)
    if base in cues.PARTICLES:
        bits |= PARTICLE
    if base in cues.CREDENTIALS:
        bits |= CREDENTIAL
    if base in cues.SUFFIXES:
        bits |= SUFFIX
    if (
        not shape & LOWER and (base in vetoes.ORGANISATIONS or base in vetoes.STREETS)
    ) or base in vetoes.PLAIN_INSTITUTIONS:
        bits |= INSTITUTION
    return bits


def _word_like(base: str) -> bool:
    """Endings as above that ordinary words have as well: arthritis, virus, christmas, librarian."""
    return base.endswith(
        (
            "tian",
            "cian",
            "rian",
            "tis",
            "sis",
            "rus",
            "tus",
            "cus",
            "ous",
            "mus",
            "nus",
            "pus",
            "ius",
            "las",
            "gas",
            "less",
            "berg's",
        )
    )
