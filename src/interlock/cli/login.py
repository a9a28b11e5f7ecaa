"""`interlock login`: a password for the doors, for some hours, that a person confirms in the console (RFC 8628)."""

from __future__ import annotations

import contextlib
import os
import re
import shlex
import sys
import time
import webbrowser
from datetime import timedelta
from pathlib import Path
from typing import Annotated, Final, TypeVar
from urllib.parse import urlsplit

import httpx
import typer
from pydantic import BaseModel, ValidationError

from interlock.cli.api_client import (
    DEFAULT_URL,
    TIMEOUT_SECONDS,
    BadUsage,
    GatewayRefused,
    GatewayUnreachable,
    check_address,
    plain_failures,
)
from interlock.review.visible import visible
from interlock.web.api.device_shapes import CLIENT, GRANT, DeviceAuthorization, Password

MAX_INTERVAL: Final = 60.0  # seconds; nobody is asked to wait longer between two polls
_UNITS: Final = {"m": timedelta(minutes=1), "h": timedelta(hours=1)}
_SPAN = re.compile(r"([1-9][0-9]{0,3})([mh])")

M = TypeVar("M", bound=BaseModel)


def login(
    expires: Annotated[str, typer.Option("--expires", help="How long it is good for: 30m, 8h at most.")] = "1h",
    no_browser: Annotated[bool, typer.Option("--no-browser", help="Only print the address.")] = False,
    save: Annotated[
        Path | None,
        typer.Option("--save", help="Write it to this file as a libpq password file (mode 0600); print none of it."),
    ] = None,
) -> None:
    """Get a short-lived password for the gateway's doors; you confirm it in the console. Reads INTERLOCK_URL."""
    with plain_failures():
        url = os.environ.get("INTERLOCK_URL", DEFAULT_URL).rstrip("/")
        check_address(url)
        lasts = _seconds(expires)
        # Nothing of the environment's is asked: neither a proxy nor a netrc file has business with this.
        with httpx.Client(base_url=url, timeout=TIMEOUT_SECONDS, trust_env=False) as http:
            asked = _begin(http, lasts)
            _show(url, asked, no_browser)
            given = _wait(http, asked)
        host = urlsplit(url).hostname or ""
        if save is not None:
            _save(save, host, given)
        _tell(host, given, save)


def _seconds(text: str) -> int:
    match = _SPAN.fullmatch(text)
    if match is None:
        raise BadUsage("--expires is a number and m or h, such as 30m or 2h.")
    return int((int(match[1]) * _UNITS[match[2]]).total_seconds())


def _begin(http: httpx.Client, lasts: int) -> DeviceAuthorization:
    answer = _post(http, "/api/device/authorize", {"client_id": CLIENT, "lasts": str(lasts)})
    if not answer.is_success:
        raise _refusal(answer)
    return _read(DeviceAuthorization, answer)


def _show(url: str, asked: DeviceAuthorization, no_browser: bool) -> None:
    """Shows the code, and opens the page where it is confirmed; only one of the gateway that was asked."""
    page = asked.verification_uri_complete
    if urlsplit(page).scheme not in ("http", "https"):
        raise GatewayRefused("not_understood", "The gateway names no page to confirm this on.")
    print(visible(f"Confirm the code {asked.user_code} at {page}"), file=sys.stderr)
    print("Check there that it is the same code. Waiting…", file=sys.stderr, flush=True)
    if not no_browser:
        with contextlib.suppress(webbrowser.Error):
            webbrowser.open(page)


def _wait(http: httpx.Client, asked: DeviceAuthorization) -> Password:
    """Polls until it is confirmed, refused or over (RFC 8628 section 3.5)."""
    form = {"client_id": CLIENT, "grant_type": GRANT, "device_code": asked.device_code}
    interval = min(max(1.0, float(asked.interval)), MAX_INTERVAL)
    ends = time.monotonic() + asked.expires_in
    while time.monotonic() < ends:
        time.sleep(interval)
        answer = _post(http, "/api/device/token", form)
        if answer.is_success:
            return _read(Password, answer)
        refusal = _refusal(answer)
        if refusal.code in ("slow_down", "too_fast"):
            interval = min(interval + asked.interval, MAX_INTERVAL)
        elif refusal.code != "authorization_pending":
            raise refusal
    raise GatewayRefused("expired_token", "Nobody confirmed it in time. Begin again.")


def _tell(host: str, given: Password, save: Path | None) -> None:
    """Says how to use it; the password alone goes to standard output, so that it can be taken from there."""
    minutes = given.expires_in // 60
    line = f"host={host} port={given.postgres_port or 6432} dbname=CONNECTION user={given.person}"
    print(visible(f"You are {given.person}; the password is good for {minutes} minutes."), file=sys.stderr)
    if save is not None:
        print(visible(f'PGPASSFILE={shlex.quote(str(save))} psql "{line}"'), file=sys.stderr)
        return
    print(visible(f'PGPASSWORD=(the line below) psql "{line}"'), file=sys.stderr, flush=True)
    print(given.access_token)


def _save(path: Path, host: str, given: Password) -> None:
    """A libpq password file; never readable by others, not even for a moment, and never through a link."""
    fields = (host, str(given.postgres_port or 6432), "*", given.person, given.access_token)
    line = ":".join(each.replace("\\", "\\\\").replace(":", "\\:") if each != "*" else each for each in fields)
    beside = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        handle = os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            file.write(line + "\n")
        beside.replace(path)
    except OSError as error:
        beside.unlink(missing_ok=True)
        raise BadUsage(f"The file can't be written: {error.strerror}.") from None


def _post(http: httpx.Client, path: str, form: dict[str, str]) -> httpx.Response:
    try:
        return http.post(path, data=form, headers={"Accept": "application/json"})
    except httpx.HTTPError as error:
        raise GatewayUnreachable(
            f"No gateway answers at {http.base_url}. Start it with `interlock serve`, or set INTERLOCK_URL."
        ) from error


def _read(shape: type[M], answer: httpx.Response) -> M:
    try:
        return shape.model_validate_json(answer.content)
    except ValidationError:
        raise GatewayRefused("not_understood", "The gateway answered in a form this version doesn't know.") from None


def _refusal(answer: httpx.Response) -> GatewayRefused:
    try:
        told = answer.json()
        return GatewayRefused(str(told["code"]), str(told["sentence"]))
    except (ValueError, KeyError, TypeError):
        return GatewayRefused(f"http_{answer.status_code}", "Whatever answers at this address isn't a gateway's API.")
