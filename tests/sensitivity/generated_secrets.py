"""Identifiers and secrets made up by a seeded generator, and the texts that they stand in.

Nothing here is real, and nothing is written out: each value is put together when it is asked for, so that no scanner of
sources takes it for one.
"""

from __future__ import annotations

import base64
import importlib
import json
import random
import string
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import cast

ALNUM = string.ascii_letters + string.digits
URL = ALNUM + "-_"
HEX = "0123456789abcdef"
UPPER = string.ascii_uppercase + string.digits

Make = Callable[[random.Random], str]


@dataclass(frozen=True)
class Kind:
    """What is made, which label it is to get, and the name of the field that would hold it."""

    label: str
    field: str
    make: Make
    needs_name: bool = False
    """Whether its form tells nothing, so that it counts behind its name alone."""


@dataclass(frozen=True)
class Case:
    """A text with one value in it, from `start` to `end`; an empty label for a text that holds none."""

    text: str
    start: int
    end: int
    label: str


def run(alphabet: str, length: int) -> Make:
    """So many signs of the alphabet, drawn evenly; at least three digits where it has digits."""

    def make(rng: random.Random) -> str:
        signs = [rng.choice(alphabet) for _ in range(length)]
        if "0" in alphabet and length > 5:
            for place in rng.sample(range(1, length - 1), 3):
                signs[place] = rng.choice(string.digits)
        if alphabet.startswith(URL):
            signs[0], signs[-1] = rng.choice(ALNUM), rng.choice(ALNUM)
        return "".join(signs)

    return make


def of(*parts: str | Make) -> Make:
    """The parts one behind the other."""
    return lambda rng: "".join(p if isinstance(p, str) else p(rng) for p in parts)


def uuid(rng: random.Random) -> str:
    """A random UUID."""
    return "-".join(run(HEX, n)(rng) if n > 4 else "".join(rng.choices(HEX, k=n)) for n in (8, 4, 4, 4, 12))


def digits(form: str) -> Make:
    """`form` with each 9 replaced by a digit."""
    return lambda rng: "".join(rng.choice(string.digits) if c == "9" else c for c in form)


def date(form: str) -> Make:
    """A day of the last century, in `form` as `strftime` has it."""

    def make(rng: random.Random) -> str:
        year, month, day = rng.randrange(1931, 1999), rng.randrange(1, 13), rng.randrange(1, 29)
        parts = {"%Y": f"{year}", "%y": f"{year % 100:02}", "%m": f"{month:02}", "%d": f"{day:02}"}
        return "".join(parts[f"%{c}"] for c in form)

    return make


def passing(make: Make, module: str, check: str) -> Make:
    """What `make` makes, over and over until the detector's own check passes: each check has tests of its own."""

    def until(rng: random.Random) -> str:
        holds = cast(
            Callable[[str], bool], getattr(importlib.import_module(f"interlock.sensitivity.detectors.{module}"), check)
        )
        while True:
            made = make(rng)
            if holds(made.translate(str.maketrans("", "", " -./"))):
                return made

    return until


def jwt(rng: random.Random) -> str:
    """A signed token of two objects."""
    head = base64.urlsafe_b64encode(json.dumps({"alg": "HS256", "typ": "JWT"}).encode())
    body = base64.urlsafe_b64encode(
        json.dumps({"sub": str(rng.randrange(10**9)), "iat": rng.randrange(10**9)}).encode()
    )
    return ".".join((head.decode().rstrip("="), body.decode().rstrip("="), run(URL, 43)(rng)))


def password(rng: random.Random) -> str:
    """A password as people and machines make them."""
    words = ("Sommer", "winter", "Dragon", "baseball", "Liverpool", "correct", "shadow", "Michael")
    return rng.choice(
        (
            rng.choice(words) + str(rng.randrange(10, 9999)) + rng.choice("!#%*?"),
            "".join(rng.choices(ALNUM, k=rng.randrange(9, 20))) + str(rng.randrange(10)),
            rng.choice(words).lower() + str(rng.randrange(100)),
            "".join(rng.choices(ALNUM + "!@#%^*_+", k=14)) + "7a",
        )
    )


_SECRETS: tuple[tuple[str, str, Make], ...] = (
    ("secret.aws.access_key", "aws_access_key_id", of("AKIA", run(string.ascii_uppercase + "234567", 16))),
    ("secret.github", "github_token", of("ghp", "_", run(ALNUM, 36))),
    ("secret.github", "gh_token", of("gho", "_", run(ALNUM, 36))),
    ("secret.github", "pat", of("github", "_pat_", run(ALNUM, 22), "_", run(ALNUM, 59))),
    ("secret.gitlab", "gitlab_token", of("gl", "pat-", run(URL, 20))),
    ("secret.slack", "slack_token", of("xox", "b-", digits("999999999999-999999999999-"), run(ALNUM, 24))),
    (
        "secret.slack",
        "hook",
        of("https://hooks.slack", ".com/services/T", run(UPPER, 9), "/B", run(UPPER, 9), "/", run(ALNUM, 24)),
    ),
    ("secret.stripe", "stripe_key", of("sk", "_live_", run(ALNUM, 24))),
    ("secret.stripe", "stripe_hook", of("whsec", "_", run(ALNUM, 32))),
    ("secret.twilio", "twilio_sid", of("SK", run(HEX, 32))),
    ("secret.sendgrid", "sendgrid_key", of("SG", ".", run(URL, 22), ".", run(URL, 43))),
    ("secret.mailgun", "mailgun_key", of("key", "-", run(HEX, 32))),
    ("secret.mailchimp", "mailchimp_key", of(run(HEX, 32), "-us", digits("9"))),
    ("secret.npm", "npm_token", of("npm", "_", run(ALNUM, 36))),
    ("secret.pypi", "pypi_token", of("pypi", "-AgEIcHlwaS5vcmc", run(URL, 120))),
    ("secret.docker", "docker_token", of("dckr", "_pat_", run(URL, 27))),
    ("secret.openai", "openai_key", of("sk", "-proj-", run(ALNUM, 48))),
    ("secret.openai", "openai_old", of("sk", "-", run(ALNUM, 48))),
    ("secret.anthropic", "anthropic_key", of("sk", "-ant-api03-", run(URL, 93), "AA")),
    ("secret.huggingface", "hf_token", of("hf", "_", run(ALNUM, 34))),
    ("secret.groq", "groq_key", of("gsk", "_", run(ALNUM, 52))),
    ("secret.replicate", "replicate_token", of("r8", "_", run(ALNUM, 37))),
    ("secret.databricks", "databricks_token", of("dap", "i", run(HEX, 32))),
    ("secret.newrelic", "newrelic_key", of("NR", "AK-", run(UPPER, 27))),
    ("secret.grafana", "grafana_token", of("gl", "sa_", run(ALNUM, 32), "_", run(HEX, 8))),
    (
        "secret.sentry",
        "sentry_dsn",
        of("https://", run(HEX, 32), "@o", digits("99999"), ".ingest.sentry", ".io/", digits("1999999")),
    ),
    ("secret.vault", "vault_token", of("hv", "s.", run(ALNUM, 24))),
    ("secret.terraform", "tf_token", of(run(ALNUM, 14), ".atlas", "v1.", run(URL, 67))),
    ("secret.doppler", "doppler_token", of("dp", ".pt.", run(ALNUM, 43))),
    ("secret.linear", "linear_key", of("lin", "_api_", run(ALNUM, 40))),
    ("secret.notion", "notion_key", of("ntn", "_", run(ALNUM, 46))),
    ("secret.figma", "figma_token", of("fi", "gd_", run(URL, 40))),
    ("secret.shopify", "shopify_token", of("shp", "at_", run(HEX, 32))),
    ("secret.square", "square_token", of("sq0", "atp-", run(URL, 22))),
    ("secret.braintree", "paypal_token", of("access_token", "$production$", run(HEX, 16), "$", run(HEX, 32))),
    ("secret.telegram", "bot_token", of(digits("1999999999"), ":AA", run(URL, 33))),
    ("secret.discord", "discord_bot", of("M", run(ALNUM, 23), ".", run(ALNUM, 6), ".", run(URL, 38))),
    (
        "secret.discord",
        "discord_hook",
        of("https://discord", ".com/api/webhooks/", digits("999999999999999999"), "/", run(URL, 68)),
    ),
    ("secret.dropbox", "dropbox_token", of("sl", ".", run(URL, 136))),
    ("secret.digitalocean", "do_token", of("do", "p_v1_", run(HEX, 64))),
    ("secret.heroku", "heroku_key", of("HRKU", "-", uuid)),
    ("secret.gcp", "google_key", of("AI", "za", run(URL, 35))),
    ("secret.gcp", "google_secret", of("GOC", "SPX-", run(URL, 28))),
    ("secret.azure", "azure_client_secret", of(run(ALNUM, 3), "8Q", "~", run(ALNUM, 34))),
    ("secret.supabase", "supabase_key", of("sb", "p_", run(HEX, 40))),
    ("secret.postman", "postman_key", of("PM", "AK-", run(HEX, 24), "-", run(HEX, 34))),
    ("secret.rubygems", "gem_key", of("ruby", "gems_", run(HEX, 48))),
    ("secret.airtable", "airtable_token", of("pat", run(ALNUM, 14), ".", run(HEX, 64))),
    ("secret.planetscale", "pscale", of("pscale", "_tkn_", run(URL, 43))),
    ("secret.interlock", "interlock_key", of("il", "k_", run(HEX, 16), "_", run(URL, 43))),
    ("secret.atlassian", "jira_token", of("ATA", "TT3xFfGF0", run(URL, 180))),
    ("secret.atlassian", "bitbucket_app", of("AT", "BB", run(ALNUM, 32))),
    ("secret.alibaba", "aliyun", of("LT", "AI5t", run(ALNUM, 20))),
    ("secret.tencent", "tencent_id", of("AK", "ID", run(ALNUM, 32))),
    ("secret.yandex", "yandex_key", of("AQ", "VN", run(URL, 36))),
    ("secret.facebook", "fb", of("EA", "A", run(ALNUM, 150))),
    ("secret.mapbox", "mapbox", of("sk", ".eyJ", run(ALNUM, 60), ".", run(URL, 22))),
    ("secret.hubspot", "hubspot", of("pat", "-na1-", uuid)),
    ("secret.commerce", "contentful", of("CF", "PAT-", run(URL, 43))),
    ("secret.asana", "asana", of("1/", digits("1999999999999999"), ":", run(HEX, 32))),
    ("secret.dynatrace", "dt", of("dt0", "c01.", run(UPPER, 24), ".", run(UPPER, 64))),
    ("secret.sonar", "sonar", of("sq", "p_", run(HEX, 40))),
    ("secret.brevo", "brevo", of("xkey", "sib-", run(HEX, 64), "-", run(ALNUM, 16))),
    ("secret.resend", "resend", of("re", "_", run(ALNUM, 8), "_", run(ALNUM, 24))),
    ("secret.azure", "storage", of("Account", "Key=", run(ALNUM + "+/", 86), "==")),
    ("secret.plaid", "plaid", of("access", "-production-", uuid)),
    ("secret.teams", "teams_hook", of("https://acme.webhook.office", ".com/webhookb2/", uuid, "@", uuid)),
    ("secret.jwt", "id_token", jwt),
    ("secret.hash", "hash", of("$2", "b$12$", run(ALNUM, 53))),
    ("secret.hash", "shadow", of("$", "6$", run(ALNUM, 16), "$", run(ALNUM, 86))),
    ("secret.connection", "database_url", of("postgres", "ql://app:", run(ALNUM, 14), "@db.example.com:5432/clinic")),
    ("secret.connection", "redis_url", of("redis", "://:", run(ALNUM, 18), "@cache.internal:6379/0")),
    ("secret.connection", "mongo", of("mongodb", "+srv://svc:", run(ALNUM, 16), "@c0.example.net/db")),
)
_NAMED: tuple[tuple[str, str, Make], ...] = (
    ("secret.password", "password", password),
    ("secret.password", "DB_PASSWORD", password),
    ("secret.password", "userPassword", password),
    ("secret.password", "pwd", password),
    ("secret.key", "api_key", run(ALNUM, 32)),
    ("secret.key", "X-Api-Key", run(HEX, 32)),
    ("secret.token", "auth_token", run(HEX, 40)),
    ("secret.token", "client_secret", run(URL, 40)),
    ("secret.datadog", "DD_API_KEY", run(HEX, 32)),
    ("secret.cloudflare", "CLOUDFLARE_API_TOKEN", run(ALNUM, 40)),
    ("secret.fastly", "FASTLY_API_TOKEN", run(ALNUM, 32)),
    ("secret.okta", "okta_api_token", of("00", run(URL, 40))),
    ("secret.session", "JSESSIONID", run(string.digits + "ABCDEF", 32)),
    ("pii.national_id.nl", "bsn", passing(digits("999999999"), "national_id_nl", "is_bsn")),
    ("pii.national_id.pl", "pesel", passing(of(date("ymd"), digits("99999")), "national_id_pl", "is_pesel")),
    ("pii.national_id.de", "steuer_id", passing(digits("99999999999"), "national_id_de", "is_tax_id")),
    ("pii.national_id.pt", "nif", passing(digits("299999999"), "national_id_pt", "is_nif")),
    ("pii.national_id.uk", "nhs_number", passing(digits("9999999999"), "national_id_uk", "is_nhs")),
    ("pii.national_id.ca", "sin", passing(digits("499999999"), "national_id_ca", "is_sin")),
    ("pii.national_id.au", "tfn", passing(digits("999999999"), "national_id_au", "is_tfn")),
    ("pci.routing", "routing_number", passing(digits("021999999"), "bank", "is_routing")),
    ("pci.bank_account", "bank_account", digits("19999999999")),
    ("pii.passport", "passport_number", of(run(string.ascii_uppercase, 1), digits("99999999"))),
    ("pii.itin", "itin", of("9", digits("99"), "73", digits("9999"))),
    ("pci.cvv", "cvv", digits("999")),
    ("phi.id", "patient_uuid", uuid),
)
_NUMBERS: tuple[tuple[str, str, Make], ...] = (
    ("pci.pan", "card_number", passing(digits("4999999999999999"), "card", "is_card")),
    ("pci.pan", "card_number", passing(digits("5399999999999999"), "card", "is_card")),
    ("pci.pan", "card_number", passing(digits("4999 9999 9999 9999"), "card", "is_card")),
    ("pci.pan", "card_number", passing(digits("3799-999999-99999"), "card", "is_card")),
    ("pii.national_id.uk", "nino", of("AB", digits("999999"), "C")),
    (
        "pii.national_id.fi",
        "hetu",
        passing(of(date("dmy"), "-", digits("999"), run("ABCDEFHJK", 1)), "national_id_fi", "is_hetu"),
    ),
    ("pii.national_id.es", "dni", passing(of(digits("99999999"), run("TRWAGMYFPD", 1)), "national_id_es", "is_dni")),
    ("pii.national_id.be", "rr", passing(of(digits("85.07.12-999.99")), "national_id_be", "is_register")),
    ("pii.national_id.ch", "ahv", passing(digits("756.9999.9999.99"), "national_id_ch", "is_ahv")),
    ("pii.national_id.br", "cpf", passing(digits("999.999.999-99"), "national_id_br", "is_cpf")),
    ("pii.national_id.no", "fnr", passing(of(date("dmy"), digits("99999")), "national_id_no", "is_birth_number")),
    (
        "pii.national_id.cn",
        "cn_id",
        passing(of(digits("110199"), date("Ymd"), digits("9999")), "national_id_cn", "is_resident"),
    ),
    ("pii.crypto_address", "wallet", of("0x", run(HEX, 40))),
)

KINDS = tuple(Kind(*k) for k in _SECRETS + _NUMBERS) + tuple(Kind(*k, needs_name=True) for k in _NAMED)


def surroundings(kind: Kind) -> tuple[str, ...]:
    """Texts with `{name}` and `{value}` in them: a log line, JSON, CSV, YAML, prose, a shell, a table, code."""
    named = (
        "2026-11-22T10:04:11.812Z INFO [worker-3] request 8412 {name}={value} status=200 took=31ms",
        '{{"id": 4711, "{name}": "{value}", "active": true}}',
        "version: 3\nservices:\n  web:\n    {name}: {value}\n    replicas: 2\n",
        'export {name}="{value}"',
        "| id | {name} | state |\n|----|----|----|\n| 1 | {value} | ok |\n",
        '    {name} = "{value}"  # set by ops',
        "{name}: {value}",
        '{{\\"{name}\\": \\"{value}\\"}}',
    )
    bare = (
        "id,{name},created\n17,{value},2026-03-01\n",
        "Please rotate {value} before Friday, it was in the ticket.",
        "Nov 22 10:04:11 host app[991]: used {value} for upstream",
        "curl -s https://api.example.com/v1/things -H 'X-Thing: {value}' -o out.json",
        "({value})",
        "ref\t{value}\tclosed\n",
    )
    return named if kind.needs_name else named + bare


def positives(seed: int, times: int) -> Iterator[Case]:
    """Each kind `times` times in each of its surroundings."""
    rng = random.Random(seed)
    for kind in KINDS:
        for form in surroundings(kind) * times:
            if kind.label == "pci.cvv" and "|" in form:
                continue
            value = kind.make(rng)
            before = form.partition("{value}")[0].format(name=kind.field)
            yield Case(form.format(name=kind.field, value=value), len(before), len(before) + len(value), kind.label)


_HARMLESS: tuple[tuple[str, Make], ...] = (
    ("commit {}", run(HEX, 40)),
    ("sha256:{}", run(HEX, 64)),
    ("md5 {}  release.tar.gz", run(HEX, 32)),
    ("trace_id={} span=3", run(HEX, 32)),
    ("request {} done", uuid),
    ('"cacheKey": "{}"', run(HEX, 40)),
    ("ETag: {}", run(HEX, 32)),
    ("data:image/png;base64,{}", run(ALNUM + "+/", 400)),
    ("order {} shipped", digits("100-9999999-9999999")),
    ("ISBN 978-{}", digits("0-99-999999-9")),
    ("epoch {} ok", digits("1799999999")),
    ("epoch_ms={}", digits("1799999999999")),
    ("build 4.{} of 2026", digits("12.9999")),
    ("invoice INV-{}", digits("2026-99999")),
    ("value={} kg", digits("99.9999")),
    ("token_count={}", digits("99")),
    ("max_tokens: {}", digits("4999")),
    ("tracking 1Z{}", run(UPPER, 16)),
    ("lat=52.{}, lon=13.40", digits("9999999")),
    ("primary_key: {}", digits("99999")),
    ('class="sk-fading-circle sk-{}"', run(string.ascii_lowercase, 20)),
    ("pass: {} fail: 3", digits("99")),
    ("idempotency-key: {}", uuid),
    ("page_token={}", run(ALNUM, 24)),
    ("bypass={}", digits("99")),
    ("secretName: tls-{}", run(string.ascii_lowercase, 8)),
    ("partition_key=eu-{}", digits("99")),
    ("!function(e,t){{var n=e.token||t.key;return n.password=t.{}}}(this)", run(string.ascii_lowercase, 8)),
)
STILL = (
    "password: <redacted>",
    "password=${PASSWORD}",
    "password=os.environ['DB_PASSWORD']",
    "PASSWORD=$DB_PASSWORD",
    "password: {{ vault_password }}",
    "password=xxxxxxxx",
    "password: ********",
    "passwordField.clear()",
    "password_min_length=12",
    "password_reset_url=https://example.com/reset",
    "The password must be changed.",
    "Password: must be at least 12 characters",
    "token_type: bearer",
    "secret: null",
    "password = getpass.getpass()",
    "password: str",
    "const password = req.body.password;",
    "user.password == other.password",
    "api_key=YOUR_API_KEY",
    "Authorization: Bearer <token>",
    "Authorization: Bearer $TOKEN",
    "--password-file /run/secrets/db",
    "key: value",
    "public_key_path: /etc/ssl/app.pem",
    "ssh -p 2222 host",
    "compass: north",
    "docker run -u 1000:1000 alpine",
    "postgres://localhost:5432/app",
    "https://example.com:8443/@scope/pkg",
    "postgres://user:${PGPASSWORD}@db/app",
    "def login(user: str, password: str) -> bool:",
    "sk-learn-intelex-extension-for-python",
    "tokenizer: cl100k_base",
    "hf_hub_download",
    "author: jane",
    "secretary: Smith",
    "The secret of success is work.",
    "basic understanding of it",
    "Basic economics is hard",
    "bearer of bad news",
    "keyboard: qwerty",
    "session: closed",
    "cookie: chocolate",
    "password=self.password",
    'password=data["password"]',
    "PasswordAuthentication no",
    "tokens: 4096",
    "ghp_" + "x" * 36,
    "AKIA" + "X" * 16,
    "sk_live_" + "x" * 24,
)


def negatives(seed: int, times: int) -> Iterator[Case]:
    """Texts that look like it and hold nothing."""
    rng = random.Random(seed)
    for form, make in _HARMLESS * times:
        yield Case(form.format(make(rng)), 0, 0, "")
    for text in STILL:
        yield Case(text, 0, 0, "")
