"""The doctor at the doors of a gateway that runs: each is tried as somebody would who shouldn't get in."""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

import httpx
import psycopg

from interlock.cli.doctor_files import SKEW_SECONDS
from interlock.cli.doctor_findings import Finding, fail, ok, warn
from interlock.cli.operator_client import TOKEN_FILE, control_url
from interlock.model.actor import ActorKind
from interlock.model.secret import Secret
from interlock.model.settings import Listen, Settings

SECONDS = 10.0
NOWHERE = "00000000-0000-0000-0000-000000000000"  # no review has this id
NOT_UNDERSTOOD = "SET ROLE NONE"  # a statement that no gateway lets through, and that does no harm
NO_SESSION = "no session"  # policy refused the session itself
_POLICY = "FATAL:  Refused: "  # how the door begins what it says of that


def is_serving(settings: Settings) -> bool:
    """Whether a gateway answers at the control port."""
    try:
        return _ask("GET", f"{control_url(settings)}/healthz").status_code in (200, 503)
    except httpx.HTTPError:
        return False


def check_doors(settings: Settings, key: Secret[str] | None) -> Iterator[Finding]:
    """All doors. `key` is an agent's or service's, for the checks that need to get in."""
    yield from _control(settings)
    yield from _agents(settings)
    yield from _postgres(settings, key)


def _control(settings: Settings) -> Iterator[Finding]:
    url = control_url(settings)
    wrong = "ilk_" + secrets.token_urlsafe(24)
    tries: list[tuple[str, str, str, dict[str, str], int, str]] = [
        ("anonymous", "GET", f"/api/reviews/{NOWHERE}", {}, 401, "a review is read without a credential"),
        ("bogus_key", "GET", "/api/whoami", _bearer(wrong), 401, "a key that was never made is taken"),
    ]
    operator = _operator(settings)
    if operator:
        votes = f"/api/reviews/{NOWHERE}/votes"
        tries.append(("operator_vote", "POST", votes, _bearer(operator), 403, "the operator's token votes"))
    for name, method, path, headers, status, otherwise in tries:
        try:
            answer = _ask(method, url + path, headers)
        except httpx.HTTPError:
            yield fail(f"control.{name}", "the control port didn't answer", "Look at the gateway's log.")
            return
        if answer.status_code == status:
            yield ok(f"control.{name}", f"refused ({status}), as it must be")
        elif answer.status_code == 429:
            yield warn(f"control.{name}", "refused for asking too often (429)", "Run the doctor again in a minute.")
        else:
            yield fail(f"control.{name}", f"{otherwise}: {answer.status_code}, not {status}", "Stop this gateway.")
    yield from _clock(url)


def _clock(url: str) -> Iterator[Finding]:
    try:
        told = parsedate_to_datetime(_ask("GET", f"{url}/healthz").headers["date"])
    except (httpx.HTTPError, KeyError, ValueError):
        return
    skew = abs((told - datetime.now(UTC)).total_seconds())
    if skew > SKEW_SECONDS:
        yield warn("clock", f"the gateway's clock is {int(skew)} s from this machine's", "Set both by NTP.")


def _agents(settings: Settings) -> Iterator[Finding]:
    listen = settings.agents
    scheme = "https" if listen.tls else "http"
    url = f"{scheme}://{_host(listen)}:{listen.port}"
    wrong = _bearer("ilk_" + secrets.token_urlsafe(24))  # no real credential goes to a name that isn't checked
    try:
        open_paths = [
            path
            for path in ("/", "/api/whoami", "/api/reviews", "/api/openapi.json", "/api/operator/keys", "/sign-in")
            if _ask("GET", url + path, wrong, verify=False).status_code != 404
        ]
    except httpx.HTTPError:
        yield warn("agents", "the agents' port didn't answer", "Look at the gateway's log.")
        return
    if open_paths:
        told = f"the agents' port answers at {', '.join(open_paths)}: the gate can be reached from there"
        yield fail("agents", told, "Stop this gateway.")
    else:
        yield ok("agents", "no API and no console at the agents' port")


def _postgres(settings: Settings, key: Secret[str] | None) -> Iterator[Finding]:
    for name in settings.connections:
        for user, what in (("interlock-doctor", "nobody's"), *((actor, "an agent's") for actor in _first(settings))):
            said = _log_in(settings.postgres, name, user, "ilk_" + secrets.token_urlsafe(24))
            check = f"door.{name}"
            if said is None:
                yield fail(check, f"{what} name and a bogus key got in", "Stop this gateway.")
            elif said.startswith("28"):
                yield ok(check, f"{what} name with a bogus key is refused ({said})")
            else:
                yield fail(check, f"the door doesn't answer as it should ({said})", "Look at the gateway's log.")
    if key is None:
        yield warn("door.statement", "not tried: no key was given", "Run it with --key env:NAME of a test agent's key.")
        return
    yield from _statement(settings, key)


def _first(settings: Settings) -> list[str]:
    return [str(actor) for actor in sorted(settings.actors)[:1]]


def _statement(settings: Settings, key: Secret[str]) -> Iterator[Finding]:
    """A statement that isn't understood must be refused, on each connection."""
    whose = _ask("GET", f"{control_url(settings)}/api/whoami", _bearer(key.reveal()))
    if whose.status_code != 200 or whose.json()["kind"] not in (ActorKind.AGENT.value, ActorKind.SERVICE.value):
        yield fail(
            "door.statement", "the key given isn't a live key of an agent or service", "Make one for a test agent."
        )
        return
    for name, each in settings.connections.items():
        said = _log_in(settings.postgres, name, whose.json()["id"], key.reveal(), NOT_UNDERSTOOD)
        check = f"door.{name}.statement"
        if said is None and each.connection.unsafe_observe:
            yield warn(check, "an unknown statement ran: unsafe_observe stops nothing", "Take unsafe_observe out.")
        elif said is None:
            yield fail(check, "a statement that can't be judged ran", "Stop this gateway.")
        elif said == NO_SESSION:
            told = "not tried: policy doesn't let this actor open a session here"
            yield warn(check, told, "Run it with the key of a test agent that may.")
        elif said.startswith(("42", "0A", "55", "57", "28")):
            yield ok(check, f"a statement that can't be judged is refused ({said})")
        else:
            yield warn(check, f"the door couldn't try it ({said})", "Look at the gateway's log.")


def _log_in(listen: Listen, database: str, user: str, password: str, statement: str = "") -> str | None:
    """None when it got in (and the statement ran); else the SQLSTATE, or a word on why."""
    try:
        with psycopg.connect(
            host=_host(listen, brackets=False),
            port=listen.port,
            dbname=database,
            user=user,
            password=password,
            sslmode="require" if listen.tls else "disable",
            gssencmode="disable",
            connect_timeout=int(SECONDS),
            application_name="interlock doctor",
            autocommit=True,
        ) as connection:
            if statement:
                connection.execute(statement.encode())
            return None
    except psycopg.Error as error:
        # libpq's errors of a failed login hold no SQLSTATE but the server's words.
        state = error.sqlstate or getattr(error.diag, "sqlstate", None)
        if state:
            return str(state)
        if _POLICY in str(error):
            return NO_SESSION
        return "28P01" if "credential" in str(error) or "password" in str(error) else "no answer"


def _operator(settings: Settings) -> str:
    try:
        return (settings.keys_dir / TOKEN_FILE).read_text(encoding="ascii").strip()
    except (OSError, UnicodeDecodeError):
        return ""


def _ask(method: str, url: str, headers: dict[str, str] | None = None, *, verify: bool = True) -> httpx.Response:
    body = b"{}" if method == "POST" else None
    sent = {**(headers or {}), "Content-Type": "application/json"} if body else headers
    with httpx.Client(trust_env=False, timeout=SECONDS, verify=verify) as client:
        return client.request(method, url, headers=sent, content=body)


def _bearer(token: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {token}"}


def _host(listen: Listen, *, brackets: bool = True) -> str:
    host = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(listen.host, listen.host)  # noqa: S104  what it listens on
    return f"[{host}]" if ":" in host and brackets else host
