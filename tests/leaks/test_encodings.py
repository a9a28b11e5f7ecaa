"""leaks.md, part two, first line: encodings. Each kind of value in each disguise is found, but for those named here."""

from __future__ import annotations

import base64
import codecs
from collections.abc import Iterator
from typing import Final

import pytest
from tests.leaks.a_disguise import CANARIES, DISGUISES, GLUE, Canary

from interlock.app.detecting import load_engine
from interlock.app.library import Detector, Masker
from interlock.sensitivity.passage import Layer
from interlock.sensitivity.text import TextEngine

# What isn't found, by disguise; a test fails when one of these is found after all.
LEFT: Final = {
    "combining marks": frozenset({"aws", "github"}),  # they make other letters
    "upper case": frozenset({"github"}),  # no token any more: case is part of it
    "broken over lines": frozenset({"password"}),
    "JSON in text": frozenset({"password"}),  # what stands outside doesn't tell of what is in there
    "JSON in JSON": frozenset({"password"}),
}
ENGLISH: Final = ("digits spelled out", "digits spelled with hyphens", "digits spelled in capitals")

HARMLESS: Final = (
    "one two three four five six seven eight nine ten",
    "1 2 3 4 5 6 7 8 9 10 11 12",
    "ratings: 3, 4, 5, 3, 2, 4, 5, 3, 4, 1, 2",
    "a b c d e f g h i j k l m n o p",
    "x = 0x41, 0x00, 0xff, 0x10, 0x20, 0x30, 0x40, 0x50, 0x60",
    "weights 12, 45, 67, 89, 23, 56, 78, 90, 11, 34",
    "sha256 e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
    base64.b64encode(b"nothing of note is written in here").decode(),
    base64.b32encode(b"nothing of note is written in here").decode(),
    "for i in range(10): total += values[i] * weights[i]  # see numpy.dot",
    "<p>The <b>spleen</b> measured <i>12</i> cm and the <em>liver</em> was normal.</p>",
    "**Result**: the rash is **gone**, no `fever`, and a**b is a power.",
    "100%25 sure \\n and &amp; more; a=20, b=2D arrays, limit=40",
    "1234\t5678\t9012\t3456\n2345\t6789\t1234\t5678\n",
    "version 1.2.3.4-5, build 20, 30 or 40; ratio 3:2:1",
    "........ ........ ........ page ........ 12",
    "---- - - - - - - - - ----",
    "10110110 flags set",
    "The dose is 100 - 20 mg; 5 / 3 tablets + 2 at night.",
)


@pytest.fixture(scope="module")
def engine() -> Iterator[TextEngine]:
    yield load_engine(frozenset(Layer) - {Layer.NER})


def written(canary: Canary, disguise: str) -> tuple[str, int, int]:
    """The text, and where the value stands in it."""
    inside = DISGUISES[disguise](canary.value)
    start, end = len(canary.before), len(canary.before) + len(inside)
    if disguise in GLUE and canary.value in inside:
        start += inside.index(canary.value)
        end = start + len(canary.value)
    return f"{canary.before}{inside}{canary.after}", start, end


def left_of(engine: TextEngine, kind: str, disguise: str) -> str:
    """The letters and digits of the disguised value that no finding covers."""
    text, start, end = written(CANARIES[kind], disguise)
    covered = {at for finding in engine.find(text) for at in range(finding.start, finding.end)}
    return "".join(text[at] for at in range(start, end) if at not in covered and text[at].isalnum())


def tried(kind: str, disguise: str) -> bool:
    """Whether a kind can be disguised so at all."""
    return disguise not in ENGLISH or kind in ("ssn", "card", "phone", "mrn")


@pytest.mark.parametrize("disguise", DISGUISES)
def test_a_disguised_value_is_found(engine: TextEngine, disguise: str) -> None:
    shown = {kind for kind in CANARIES if tried(kind, disguise) and left_of(engine, kind, disguise)}
    assert shown <= LEFT.get(disguise, frozenset())


def test_what_is_left_is_told(engine: TextEngine) -> None:
    """The list of what isn't found is no longer than it has to be, and the count is told."""
    cases = [(kind, disguise) for disguise in DISGUISES for kind in CANARIES if tried(kind, disguise)]
    leaks = [(kind, disguise) for kind, disguise in cases if left_of(engine, kind, disguise)]
    print(f"\n{len(leaks)} of {len(cases)} disguised values aren't found: {leaks}")
    assert {(kind, disguise) for disguise, kinds in LEFT.items() for kind in kinds} == set(leaks)


def test_texts_without_values_are_left_alone(engine: TextEngine) -> None:
    hit = [text for text in HARMLESS if engine.find(text)]
    print(f"\n{len(hit)} of {len(HARMLESS)} harmless texts are hit: {hit}")
    assert not hit


@pytest.mark.parametrize(
    "disguise", ["full width", "with 200b between", "spaces between", "base64", "entities", "JSON escapes"]
)
@pytest.mark.parametrize("kind", ["ssn", "card", "email", "github"])
def test_a_disguised_value_in_two_parts_of_a_stream(engine: TextEngine, kind: str, disguise: str) -> None:
    text, start, end = written(CANARIES[kind], disguise)
    text = f"{'On and on it went. ' * 20}{text}{' And then it ended.' * 40}"
    detector = Detector(engine=engine)
    whole = Masker("safe_harbor", detector=detector)
    for cut in range(380 + start, 380 + end, 7):
        stream = whole.stream()
        out = stream.feed(text[:cut]) + stream.feed(text[cut:]) + stream.finish()
        assert DISGUISES[disguise](CANARIES[kind].value) not in out
        assert out.startswith("On and on") and out.endswith("And then it ended.")


def test_a_value_stretched_beyond_what_a_stream_holds() -> None:
    """By characters that can't be seen, hundreds of them between any two digits."""
    masker = Masker("safe_harbor", detector=Detector(layers=["normalise", "structured"]))
    for hidden in ("\u200b" * 300, "\x00" * 300, "\u2060\u00ad" * 400):
        stream = masker.stream()
        text = f"Her SSN is {hidden.join('402-19-8877')}, she said. {'And so on. ' * 100}"
        out = "".join(stream.feed(text[at : at + 97]) for at in range(0, len(text), 97)) + stream.finish()
        assert not set("402198877") & set(out.partition("she said")[0]) and out.endswith("And so on. ")


@pytest.mark.parametrize("disguise", ["digits spelled out", "bits", "hexadecimal with spaces", "codes of characters"])
def test_a_long_disguise_is_hidden_whole(engine: TextEngine, disguise: str) -> None:
    text, start, end = written(CANARIES["ssn"], disguise)
    masked = Masker("safe_harbor", detector=Detector(engine=engine)).mask(text)
    assert text[start:end] not in masked and masked.endswith(", she said.")


def test_rot13_and_the_like_are_beyond_us(engine: TextEngine) -> None:
    """Said so that nobody relies on it: any code of somebody's own gets by what looks at content. Lineage holds."""
    assert engine.find("key " + codecs.encode(CANARIES["aws"].value, "rot13")) == ()
