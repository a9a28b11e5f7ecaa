"""Records as systems write them (logs, dumps, exports, messages, settings), with what is to be found in them marked.

`records/*.txt`: `=== name` and a record. ⟦⟧ marks an identifier or secret of layer 2, ⟪⟫ what other layers find or what
may be taken for one either way, ⟨kind⟩ a secret, which is made up anew for each run.
"""

from __future__ import annotations

import base64
import random
import re
import string
from dataclasses import dataclass, field
from pathlib import Path

from tests.sensitivity.generated_secrets import ALNUM, HEX, UPPER, URL, Make, digits, jwt, of, password, run, uuid

FOLDER = Path(__file__).with_name("records")
BASE64 = ALNUM + "+/"


@dataclass
class Record:
    """`wanted` are to be found, `either` may be; places in `text`."""

    name: str
    text: str = ""
    wanted: list[tuple[int, int]] = field(default_factory=list)
    either: list[tuple[int, int]] = field(default_factory=list)


def _encoded(make: Make) -> Make:
    return lambda rng: base64.b64encode(make(rng).encode()).decode()


def _pem(rng: random.Random) -> str:
    lines = [run(BASE64, 64)(rng) for _ in range(3)]
    return "\\n".join(["-----BEGIN RSA " + "PRIVATE KEY-----", *lines, "-----END RSA " + "PRIVATE KEY-----"])


MAKERS: dict[str, Make] = {
    "hex32": run(HEX, 32),
    "hex40": run(HEX, 40),
    "hex64": run(HEX, 64),
    "password": password,
    "pw": lambda rng: rng.choice(("hunter2", "Sommer24!", "dragon77")),
    "pwn": lambda rng: rng.choice(("S3cretPw", "x9K2mQ7p", "dragon77")),
    "bcrypt": of("$2", "b$12$", run(ALNUM, 53)),
    "stripe": of("sk", "_live_", run(ALNUM, 24)),
    "aws_id": of("AKIA", run(string.ascii_uppercase + "234567", 16)),
    "asia": of("ASIA", run(string.ascii_uppercase + "234567", 16)),
    "aws_secret": run(BASE64, 40),
    "github": of("ghp", "_", run(ALNUM, 36)),
    "slack": of("xox", "b-", digits("999999999999-999999999999-"), run(ALNUM, 24)),
    "sendgrid": of("SG", ".", run(URL, 22), ".", run(URL, 43)),
    "mixed50": run(ALNUM + "@#%^*", 50),
    "mailgun": of("key", "-", run(HEX, 32)),
    "jwt": jwt,
    "basic": _encoded(of("admin:", run(ALNUM, 12))),
    "pem": _pem,
    "pgurl": of("postgres", "ql://app:", run(ALNUM, 14), "@db.example.com:5432/clinic"),
    "redisurl": of("redis", "://:", run(ALNUM, 18), "@cache.internal:6379/0"),
    "slackhook": of("https://hooks.slack", ".com/services/T", run(UPPER, 9), "/B", run(UPPER, 9), "/", run(ALNUM, 24)),
    "npm": of("npm", "_", run(ALNUM, 36)),
    "vault": of("hv", "s.", run(ALNUM, 24)),
    "openai": of("sk", "-proj-", run(ALNUM, 48)),
    "gitlab": of("gl", "pat-", run(URL, 20)),
    "uuid": uuid,
    "sha512crypt": of("$", "6$", run(ALNUM, 16), "$", run(ALNUM, 86)),
    "ldap": of("{SS", "HA}", run(BASE64, 32), "=="),
    "b64": _encoded(of("-----BEGIN EC ", "PRIVATE KEY-----\n", run(ALNUM, 80))),
    "b64pw": _encoded(of("S3cret", run(ALNUM, 9))),
    "b64long": run(BASE64, 200),
}


def records(file: str, seed: int) -> list[Record]:
    """Those of one file."""
    rng = random.Random(seed)
    written = (FOLDER / file).read_text(encoding="utf-8")
    return [_record(each, rng) for each in re.split(r"^=== ", written, flags=re.MULTILINE)[1:]]


def _record(written: str, rng: random.Random) -> Record:
    name, _, body = written.partition("\n")
    record, start = Record(name), 0
    for piece in re.split(r"([⟦⟧⟪⟫]|⟨\w+⟩)", body.rstrip("\n")):
        at = len(record.text)
        match piece[:1]:
            case "⟦" | "⟪":
                start = at
            case "⟧":
                record.wanted.append((start, at))
            case "⟫":
                record.either.append((start, at))
            case "⟨":
                record.text += MAKERS[piece[1:-1]](rng)
                record.wanted.append((at, len(record.text)))
            case _:
                record.text += piece
    return record
