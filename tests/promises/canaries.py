"""Values that must never be seen again, and every form in which they might be."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date

EPOCH = date(2000, 1, 1)  # PostgreSQL's, for binary dates

CATALOG = "\n".join(
    f'[[column]]\nmatch = "public.people.{column}"\nlabels = ["{label}"]'
    for column, label in {
        "ssn": "phi.ssn",
        "mrn": "phi.mrn",
        "code": "phi.account",
        "born": "phi.date.birth",
        "extra": "phi.phone",
        "scan": "phi.biometric",
        "names": "phi.name",
        "codes": "phi.account",
        "note": "phi.clinical.note",
    }.items()
)


@dataclass(frozen=True, slots=True)
class Canary:
    """One planted value, as text."""

    name: str
    text: str
    number: int | None = None
    day: date | None = None
    raw: bytes | None = None

    def forms(self) -> Iterator[bytes]:
        """Everything to look for."""
        text = self.text.encode()
        yield from _encodings(text)
        half = (len(text) + 1) // 2
        if half >= 5:
            yield from (text[:half], text[-half:])
        if self.number is not None:
            yield from (self.number.to_bytes(4), self.number.to_bytes(4, "little"), b"%x" % self.number)
        if self.day is not None:
            yield b"\0\0\0\4" + (self.day - EPOCH).days.to_bytes(4, signed=True)  # a binary field with its length
            yield from (self.day.strftime(form).encode() for form in ("%Y%m%d", "%m/%d/%Y", "%d.%m.%Y", "%y-%m-%d"))
        if self.raw is not None:
            yield from _encodings(self.raw)


def _encodings(text: bytes) -> Iterator[bytes]:
    yield from (text, text[::-1], text.upper(), text.lower(), text.hex().encode(), text.hex().upper().encode())
    for shift in range(3):  # base64 of a longer text that holds it, at each alignment
        whole = base64.b64encode(b"\0" * shift + text)
        yield whole[4 if shift else 0 : -4]
    yield base64.b64encode(text).rstrip(b"=")
    for name in ("md5", "sha1", "sha224", "sha256", "sha384", "sha512"):
        digest = hashlib.new(name, text, usedforsecurity=False)
        yield from (digest.hexdigest().encode(), digest.digest(), base64.b64encode(digest.digest()))
    yield ",".join(str(byte) for byte in text).encode()  # an array of ascii()
    yield " ".join(chr(byte) for byte in text).encode()
    yield text.replace(b"-", b"")
    yield text.replace(b"-", b" ")


ROWS: Sequence[Sequence[Canary]] = tuple(
    (
        Canary("ssn", ssn),
        Canary("mrn", mrn),
        Canary("code", str(code), number=code),
        Canary("born", born.isoformat(), day=born),
        Canary("extra", phone),
        Canary("scan", scan.hex(), raw=scan),
        Canary("names", name),
        Canary("codes", str(codes), number=codes),
        Canary("note", note),
    )
    for ssn, mrn, code, born, phone, scan, name, codes, note in (
        ("912-44-7781", "MRN-83120457", 771204533, date(1931, 7, 19), "555-0173-9921", b"\xde\xad\xc0\xff\xee\x77\x11",
         "Quillfeather", 661903427, "patient reports zygomatic tenderness"),
        ("934-65-1209", "MRN-55908213", 882315644, date(1947, 11, 3), "555-0148-3307", b"\xba\xdd\xca\xfe\x19\x84\x02",
         "Umbershoot", 552814316, "history of cryptorchid surgery"),
        ("957-21-6638", "MRN-20467791", 993426755, date(1968, 2, 27), "555-0122-6614", b"\xfe\xed\xfa\xce\x55\x90\x33",
         "Wraithmoor", 443725205, "allergic to thimerosal compounds"),
    )
)  # fmt: skip
CANARIES = tuple(canary for row in ROWS for canary in row)
FORMS = {form: canary.name for canary in CANARIES for form in canary.forms() if len(form) >= 4}

TABLE = (
    "CREATE TABLE people (id int PRIMARY KEY, city text, ssn text UNIQUE, mrn varchar(20), code int, born date,"
    " extra json, scan bytea, names text[], codes int[], note text, CHECK (note <> 'no'))",
    "CREATE TABLE cities (name text, visits int)",
    "CREATE VIEW people_view AS SELECT id, ssn AS x, mrn FROM people",
    "CREATE VIEW view_on_view AS SELECT x AS y FROM people_view",
    "CREATE MATERIALIZED VIEW kept AS SELECT id, ssn, born FROM people",
    "CREATE FUNCTION leak(int) RETURNS text LANGUAGE sql AS 'SELECT ssn FROM people WHERE id = $1'",
    "CREATE FUNCTION shout(int) RETURNS int LANGUAGE plpgsql AS $$ DECLARE s text; BEGIN"
    " SELECT ssn INTO s FROM people WHERE id = $1; RAISE NOTICE 'it is %', s; RAISE EXCEPTION 'no: %', s"
    " USING DETAIL = s, HINT = s, ERRCODE = substr(s, 1, 3) || substr(s, 5, 2); END $$",
    "CREATE FUNCTION whisper(text) RETURNS text LANGUAGE plpgsql AS $$ DECLARE s text; BEGIN"
    " EXECUTE 'SELECT string_agg(' || quote_ident($1) || ', '','') FROM people' INTO s; RETURN s; END $$",
    "GRANT ALL ON ALL TABLES IN SCHEMA public TO PUBLIC",
    "GRANT CREATE ON SCHEMA public TO PUBLIC",
)
PLAIN = ("Ulm", "Bonn", "Jena")


def filling() -> list[str]:
    """The statements that put the canaries where they belong, whatever was there."""
    found = ["TRUNCATE people, cities", "INSERT INTO cities VALUES ('Ulm', 7), ('Bonn', 9)"]
    for number, (city, row) in enumerate(zip(PLAIN, ROWS, strict=True), start=1):
        ssn, mrn, code, born, phone, scan, name, codes, note = (canary.text for canary in row)
        found.append(
            f"INSERT INTO people VALUES ({number}, '{city}', '{ssn}', '{mrn}', {code}, '{born}',"
            f" '{{\"phone\": \"{phone}\"}}', '\\x{scan}', ARRAY['{name}', 'x'], ARRAY[{codes}, 1], '{note}')"
        )
    found.append("REFRESH MATERIALIZED VIEW kept")
    return found


def sightings(data: bytes) -> set[str]:
    """The names of the canaries seen in `data`, in any form."""
    return {f"{name}: {form[:24]!r}" for form, name in FORMS.items() if form in data}
