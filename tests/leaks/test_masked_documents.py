"""Masked documents: nothing of the canaries in what comes out, in paths, in what is said of it, whatever the form."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator, Sequence
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any, Final

import pytest

import interlock
from interlock.app.documents import FormatName
from interlock.masking.keys import MaskKeys
from interlock.masking.masker import Masker
from interlock.masking.profiles import PROFILES
from interlock.masking.value import Kind
from interlock.model.finding import Finding
from interlock.model.label import Label
from interlock.model.secret import Secret
from interlock.sensitivity.labels import KNOWN
from interlock.sensitivity.passage import Layer

SSN, BARE_SSN, CARD, MAIL = "402-19-8877", "402198877", "4556737586899855", "mary.kowalski@clinicmail.org"
AWS, GITHUB = "AKIAQ3EGVT6ZK2WPMX7D", "ghp_k3Jx9QwZr7TbVn2LmYc5UaHd8GsPf4EoWi6R"
MRN, NAME, FAMILY = "00482913", "Alice Moreno", "Moreno"
CANARIES: Final = (SSN, "NDAyLTE5LTg4Nzc=", BARE_SSN, CARD, MAIL, AWS, GITHUB, MRN, FAMILY)
KEY: Final = b"k" * 32
AS_OF: Final = date(2026, 11, 22)


def dumped(value: object) -> str:
    return json.dumps(value)


HL7: Final = "\r".join(
    [
        rf"MSH|^~\&|A|B|C|D|20200101||ADT^A01|{SSN}|P|2.5",
        rf"PID|1||{MRN}^^^H^MR||{FAMILY}^Alice||19800314|F|||1 Main \T\ St^^Town^NY^10001||(415)555-0137||||||{SSN}",
        rf"NTE|1||SSN \X{SSN.encode().hex()}\ ok",
        rf"ZZZ|{SSN}|{NAME}|ssn {BARE_SSN}",
        f"not a segment {SSN} {NAME}",
        f"AL1|1|{SSN}|{AWS}",
    ]
)
PATIENT: Final[dict[str, Any]] = {
    "resourceType": "Patient",
    "id": MRN,
    "text": {
        "status": "generated",
        "div": f'<div xmlns="http://www.w3.org/1999/xhtml">{NAME} 402-<i>19</i>-8877<!-- {SSN} --></div>',
    },
    "extension": [
        {"url": f"http://x/{SSN}", "valueString": NAME},
        {"url": "u", "valueHumanName": {"family": FAMILY}},
        {"url": "u", "valueIdentifier": {"value": BARE_SSN}},
        {"url": "z", "valueCode": SSN},
        {"url": "z", "valueId": BARE_SSN},
        {"url": "q", "valueDate": "1980-03-14"},
        {"url": "age", "valueAge": {"value": 93}},
        {"url": "s", "valueInteger": int(CARD)},
        {"url": "b", "valueBase64Binary": "NDAyLTE5LTg4Nzc="},
    ],
    "contained": [{"resourceType": "RelatedPerson", "name": [{"text": FAMILY}], "birthDate": "1950-03-14"}],
    "name": [{"family": FAMILY, "given": ["Alice"], "_given": [{"extension": [{"url": "x", "valueString": FAMILY}]}]}],
    "identifier": [{"system": "http://hospital/mrn", "value": MRN, "_value": {"extension": [{"valueString": SSN}]}}],
    "unknownElement": {"foo": f"{FAMILY}, Alice", "code": SSN, "status": NAME, "language": AWS},
    "birthDate": "1980-03-14",
    "deceasedDateTime": "2020-03-14T00:00:00Z",
    "managingOrganization": {"reference": f"Organization/{FAMILY}-{BARE_SSN}", "display": "St Mary Hospital"},
    "meta": {"tag": [{"code": "t", "display": NAME}], "source": f"urn:{SSN}", "profile": [f"http://x/{SSN}"]},
    "implicitRules": f"http://x?ssn={BARE_SSN}",
}
DOCUMENTS: Final[Sequence[tuple[str, FormatName, str]]] = (
    ("keys twice", FormatName.JSON, f'{{"ssn":"{SSN}","ssn":"{BARE_SSN}"}}'),
    ("keys that are values", FormatName.JSON, dumped({SSN: 1, MAIL: {"a": 2}, AWS: 3, GITHUB: 4, f"MRN {MRN}": 5})),
    ("numbers", FormatName.JSON, dumped({"ssn": int(BARE_SSN), "card": int(CARD), "x": int(CARD), "mrn": 482913})),
    ("numbers with points", FormatName.JSON, f'{{"ssn":{BARE_SSN}.0,"card":{CARD}.0}}'),
    ("JSON in JSON in JSON", FormatName.JSON, dumped({"a": dumped({"b": dumped({"ssn": SSN, "k": AWS})})})),
    ("four deep", FormatName.JSON, dumped({"a": dumped({"b": dumped({"c": dumped({"ssn": SSN, "key": AWS})})})})),
    ("a list", FormatName.JSON, dumped([SSN, f"MRN {MRN}", {"note": f"see {NAME}"}])),
    ("a scalar", FormatName.JSON, dumped(SSN)),
    ("escaped", FormatName.JSON, '{"n":"\\u0053SN \\u0034\\u0030\\u0032-19-8877"}'),
    ("cut off", FormatName.JSON, f'{{"ssn":"{SSN}","x":"'),
    ("a byte order mark", FormatName.JSON, f'\ufeff{{"ssn":"{BARE_SSN}"}}'),
    ("names in two fields", FormatName.JSON, dumped({"first": "Alice", "last": FAMILY, "note": f"{FAMILY} was seen"})),
    ("a formula", FormatName.CSV, f'name,ssn\n"=HYPERLINK(""http://x/{SSN}"")",{BARE_SSN}\n'),
    ("no header", FormatName.CSV, f"{SSN},{NAME}\n1,2\n"),
    ("a mail in the header", FormatName.CSV, f"{MAIL},ssn\nfoo,{BARE_SSN}\n"),
    ("a number in the header", FormatName.CSV, f"ssn {SSN},ssn\nfoo,{BARE_SSN}\n"),
    ("quotes", FormatName.CSV, f'id,note\n1,"SSN {SSN}\n"\n2,"say ""{SSN}"""\n3,"never closed {SSN}\n'),
    ("tabs", FormatName.CSV, f"id\tssn\n1\t{BARE_SSN}\n"),
    ("semicolons", FormatName.CSV, f"id;ssn\n1;{BARE_SSN}\n"),
    ("spaces behind commas", FormatName.CSV, f'id, ssn\n1, {BARE_SSN}\n2, "{BARE_SSN}"\n'),
    ("CSV called JSON", FormatName.JSON, f"id,ssn\n1,{BARE_SSN}\n"),
    ("JSON called CSV", FormatName.CSV, f'{{"ssn":{BARE_SSN}}}'),
    ("JSON called HL7", FormatName.HL7V2, f'{{"ssn":"{BARE_SSN}"}}'),
    ("JSON called FHIR", FormatName.FHIR, f'{{"ssn":"{BARE_SSN}"}}'),
    ("HL7 called text", FormatName.TEXT, f"PID|1||SSN {SSN}||{FAMILY}^Alice"),
    ("HL7", FormatName.HL7V2, HL7),
    ("HL7, signs of its own", FormatName.HL7V2, HL7.translate(str.maketrans("|^", "$%"))),
    ("FHIR", FormatName.FHIR, dumped(PATIENT)),
    ("FHIR, a bundle", FormatName.FHIR, dumped({"resourceType": "Bundle", "entry": [{"resource": PATIENT}]})),
    ("tokens around", FormatName.TEXT, f"[phi.ssn:{SSN}] [phi.{SSN}] [secret.{AWS}] [phi.email:*@{SSN}.com]"),
)


@pytest.fixture(scope="module")
def detector() -> Iterator[interlock.Detector]:
    yield interlock.Detector(frozenset(Layer) - {Layer.NER})


def left(text: str) -> set[str]:
    return {canary for canary in CANARIES if canary in text}


@pytest.mark.parametrize("profile", sorted(set(PROFILES) - {"secrets_only"}))
def test_no_canary_is_left_in_any_document(detector: interlock.Detector, profile: str) -> None:
    shown = {}
    for name, format_, source in DOCUMENTS:
        masker = interlock.Masker(profile, KEY, detector=detector, as_of=AS_OF)
        if found := left("".join(masker.mask_document(source, format_))):
            shown[name] = found
    print(f"\n{profile}: {len(shown)} of {len(DOCUMENTS)} documents leak: {shown}")
    assert not shown


@pytest.mark.parametrize(("name", "format_", "source"), DOCUMENTS)
def test_no_path_holds_a_canary(detector: interlock.Detector, name: str, format_: FormatName, source: str) -> None:
    found = list(detector.find_document(source, format_))
    assert found, "each document has something in it"
    assert not left(" ".join(f"{each.path} {each.why} {each!r}" for each in found))


def test_a_path_still_tells_where_it_is(detector: interlock.Detector) -> None:
    keys = detector.find_json({"by_ssn": {SSN: {"mail": MAIL}}, "plain": {"mail": MAIL}})
    assert [each.path for each in keys] == [
        '$.by_ssn["[phi.ssn]"] (key)',
        '$.by_ssn["[phi.ssn]"].mail',
        "$.plain.mail",
    ]
    rows = list(detector.find_document(f"{MAIL},ssn\nx,{BARE_SSN}\n", "csv"))
    assert [each.path for each in rows] == ["row 1, column 1", "row 2, column ssn"]


def test_dates_of_a_fhir_patient_are_years_or_gone(detector: interlock.Detector) -> None:
    masker = interlock.Masker("safe_harbor", detector=detector, as_of=AS_OF)
    masked = json.loads("".join(masker.mask_document(dumped(PATIENT), "fhir")))
    assert masked["birthDate"] == "1980" and masked["deceasedDateTime"] == "2020"
    assert "03-14" not in dumped(masked) and "93" not in dumped(masked["extension"])


VALUES: Final[Sequence[tuple[Kind, Any]]] = (
    (Kind.TEXT, f"canary {SSN}"),
    (Kind.INTEGER, int(BARE_SSN)),
    (Kind.NUMBER, float(BARE_SSN)),
    (Kind.NUMBER, Decimal(BARE_SSN)),
    (Kind.DATE, date(1931, 5, 6)),
    (Kind.TIMESTAMP, datetime(1931, 5, 6, 7, 8)),
    (Kind.JSON, f'{{"a":"{SSN}"}}'),
    (Kind.BOOLEAN, True),
    (Kind.BYTES, SSN.encode()),
    (Kind.OTHER, SSN),
)


@pytest.mark.parametrize("profile", PROFILES)
@pytest.mark.parametrize("keys", [None, MaskKeys(Secret(KEY), "n")])
def test_no_profile_lets_a_labelled_value_through(profile: str, keys: MaskKeys | None) -> None:
    """Every known label, and labels that nobody knows, in every type: masked unless the profile keeps it."""
    chosen = PROFILES[profile]
    masker = Masker(chosen, AS_OF, keys)
    labels = [*KNOWN, Label("phi.something_new"), Label("whatever"), Label("secretive")]
    cases = [(label, kind, value) for label in labels for kind, value in VALUES if not chosen.keeps([label])]
    shown = [case for case in cases if masker.mask_value(case[2], case[0], case[1]) == case[2]]
    print(f"\n{profile}: {len(shown)} of {len(cases)} labelled values go through")
    assert not shown and not any(chosen.keeps([label]) for label in KNOWN if label.split(".")[0] == "secret")


@pytest.mark.parametrize("value", ["NaN", "sNaN", "Infinity", "-Infinity"])
@pytest.mark.parametrize("profile", PROFILES)
def test_numbers_that_are_none_raise_nothing(profile: str, value: str) -> None:
    masker = Masker(PROFILES[profile], AS_OF, MaskKeys(Secret(KEY), "n"))
    for label in KNOWN:
        if not PROFILES[profile].keeps([label]):
            assert masker.mask_value(Decimal(value), label, Kind.NUMBER) is not value


class Raising:
    """An engine that fails on every text, and says the text while it does."""

    failed = 0

    def find(self, text: str, *, seeds: Sequence[str] = (), telling: str = "") -> tuple[Finding, ...]:
        raise ValueError(f"can't look into {text}")

    def find_many(self, texts: Sequence[str], *, telling: str = "") -> list[tuple[Finding, ...]]:
        raise ValueError(f"can't look into {texts}")


@pytest.mark.parametrize(("name", "format_", "source"), DOCUMENTS)
def test_an_engine_that_raises_shows_nothing(name: str, format_: FormatName, source: str) -> None:
    masker = interlock.Masker("safe_harbor", detector=interlock.Detector(engine=Raising()), as_of=AS_OF)
    out = "".join(masker.mask_document(source, format_))
    assert not left(out) and not left(repr(masker.report))
    by_their_keys = name in ("keys twice", "JSON called FHIR", "a formula")  # nothing in these has to be looked into
    assert masker.report.all_looked_into is by_their_keys


def test_a_column_that_couldnt_be_judged_is_told(detector: interlock.Detector) -> None:
    """It is hidden by its cells, each counted, and not taken for a labelled column."""
    masker = interlock.Masker("safe_harbor", detector=interlock.Detector(engine=Raising()), as_of=AS_OF)
    "".join(masker.mask_document("id,other\n1,x\n2,y\n", "csv"))
    assert masker.report.failed > 0


# -- the command ------------------------------------------------------------------------------------------------------


INTERLOCK: Final = (sys.executable, "-c", "from interlock.cli import main; main()")


def command(*words: str | Path, cwd: Path) -> subprocess.CompletedProcess[bytes]:
    line = [*INTERLOCK, *map(str, words), "--layers", "normalise,column,structured"]
    return subprocess.run(line, cwd=cwd, capture_output=True, timeout=120, check=False)


ODD_BYTES: Final = {
    "utf-16 without a mark": f"SSN {SSN}\n".encode("utf-16-le"),
    "utf-16, the other way round, without a mark": f"SSN {SSN}\n".encode("utf-16-be"),
    "utf-16": f"SSN {SSN}\n".encode("utf-16"),
    "utf-32": f"SSN {SSN}\n".encode("utf-32"),
    "a mark and utf-8": b"\xef\xbb\xbf" + f"SSN {SSN}\n".encode(),
    "latin-1": f"José, SSN {SSN}\nand on\n".encode("latin-1"),
    "zeros": f"SSN 4\0{SSN[1:]}\n".encode(),
    "cut within a character": f"SSN {SSN} é".encode()[:-1],
}


def test_bytes_of_any_encoding(tmp_path: Path) -> None:
    for number, content in enumerate(ODD_BYTES.values()):
        (tmp_path / f"{number}.txt").write_bytes(content)
    (tmp_path / "out").mkdir()
    done = command("mask", *sorted(tmp_path.glob("*.txt")), "--out", tmp_path / "out", cwd=tmp_path)
    assert done.returncode == 1 and SSN.encode() not in done.stderr  # two of them couldn't be read in full
    for number, name in enumerate(ODD_BYTES):
        content = (tmp_path / "out" / f"{number}.txt").read_bytes().replace(b"\0", b"")
        assert b"8877" not in content and b"402" not in content, name


def test_what_the_commands_say_holds_no_value(tmp_path: Path) -> None:
    lines = [
        dumped({"id": 1, "text": f"SSN {SSN}"}),
        f'{{"id": 2, "text": "{SSN}"',
        f"my ssn {SSN}",
        dumped({"text": 5}),
    ]
    (tmp_path / "a.jsonl").write_text("\n".join(lines), encoding="utf-8")
    (tmp_path / "b.json").write_text(dumped({SSN: {"ssn": BARE_SSN}, AWS: "x"}), encoding="utf-8")
    (tmp_path / "c.csv").write_text(f"{MAIL},ssn\nx,{BARE_SSN}\n", encoding="utf-8")
    for verb in ("detect", "mask"):
        for name in ("a.jsonl", "b.json", "c.csv"):
            for format_ in ("auto", "hl7v2"):
                done = command(verb, name, "--format", format_, cwd=tmp_path)
                said = (done.stdout + done.stderr).decode()
                assert not left(said), (verb, name, format_)
                assert b"Traceback" not in done.stderr


def test_nothing_is_written_through_a_link_or_over_what_is_there(tmp_path: Path) -> None:
    source, out, victim = tmp_path / "a.txt", tmp_path / "out", tmp_path / "victim"
    source.write_text(f"SSN {SSN}")
    out.mkdir()
    (out / "a.txt").symlink_to(victim)
    assert command("mask", source, "--out", out, cwd=tmp_path).returncode == 2
    assert not victim.exists() and [path.name for path in out.iterdir()] == ["a.txt"]
    assert command("mask", source, "--out", tmp_path, cwd=tmp_path).returncode == 2
    assert source.read_text() == f"SSN {SSN}"


@pytest.mark.parametrize("mode", [0o644, 0o640, 0o604, 0o660])
def test_a_key_that_others_may_read_is_none(tmp_path: Path, mode: int) -> None:
    key = tmp_path / "mask.key"
    key.write_bytes(KEY)
    key.chmod(mode)
    with pytest.raises(interlock.errors.InterlockError) as refused:
        interlock.Masker("internal", key, detector=interlock.Detector(engine=Raising()))
    assert refused.value.code == "key_mode" and KEY.decode() not in str(refused.value)
