"""The command line's way to a running gateway: `/api` over HTTP, with a bearer token."""

from __future__ import annotations

import ipaddress
import json
import os
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from types import TracebackType
from typing import Any, Self, TypeVar
from urllib.parse import urlsplit

import httpx
import typer
from pydantic import BaseModel, ValidationError

from interlock.model.secret import Secret
from interlock.review.visible import visible

DEFAULT_URL = "http://127.0.0.1:8080"
TIMEOUT_SECONDS = 30.0
QUIET_SECONDS = 60.0  # an event stream says something every 15 s; four missed beats are a dead one

REFUSED, BAD_USAGE, UNREACHABLE = 1, 2, 3  # exit codes

M = TypeVar("M", bound=BaseModel)


class GatewayRefused(Exception):
    """The gateway said no: its code and sentence, and every mistake where it found some."""

    def __init__(self, code: str, sentence: str, mistakes: Sequence[str] = ()) -> None:
        super().__init__(sentence)
        self.code = code
        self.sentence = sentence
        self.mistakes = tuple(mistakes)


class GatewayUnreachable(Exception):
    """Nobody answers at the address."""


class BadUsage(Exception):
    """Called in a way that can't work: no key, a wrong address, a wrong option."""


class ApiClient:
    """A connection to one gateway. Close it, or use it in a `with`."""

    def __init__(self, url: str, token: Secret[str]) -> None:
        """Raises `BadUsage` for anything but https, or http to this machine: the token would travel in clear."""
        self.url = url.rstrip("/")
        check_address(self.url)
        self._http = httpx.Client(
            base_url=self.url,
            headers={"Authorization": f"Bearer {token.reveal()}", "Accept": "application/json"},
            timeout=TIMEOUT_SECONDS,
            follow_redirects=False,
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._http.close()

    def get(self, shape: type[M], path: str, params: Mapping[str, Any] | None = None) -> M:
        """What is at `path`; raises `GatewayRefused`, `GatewayUnreachable`."""
        return self._ask(shape, "GET", path, params=params)

    def post(self, shape: type[M], path: str, body: Mapping[str, Any] | None = None) -> M:
        """The answer to `body`; raises `GatewayRefused`, `GatewayUnreachable`."""
        return self._ask(shape, "POST", path, json=body)

    def moves(self) -> Iterator[str]:
        """Ids of reviews as they move, until the stream ends; raises `GatewayRefused`, `GatewayUnreachable`.

        Yields one empty string first, once the gateway listens: a move after that isn't missed.
        """
        quiet = httpx.Timeout(TIMEOUT_SECONDS, read=QUIET_SECONDS)
        try:
            with self._http.stream("GET", "/api/events", timeout=quiet) as answer:
                if answer.status_code != 200:
                    answer.read()
                    raise _refusal(answer)
                for number, line in enumerate(answer.iter_lines()):
                    if number == 0:  # the gateway sends its first line once it listens
                        yield ""
                    if line.startswith("data:"):
                        yield str(json.loads(line[5:])["review"])
        except httpx.HTTPError as error:
            raise GatewayUnreachable(f"The gateway at {self.url} stopped answering.") from error

    def _ask(self, shape: type[M], method: str, path: str, **rest: Any) -> M:
        try:
            answer = self._http.request(method, path, **rest)
        except httpx.HTTPError as error:
            raise GatewayUnreachable(
                f"No gateway answers at {self.url}. Start it with `interlock serve`, or set INTERLOCK_URL."
            ) from error
        if not answer.is_success:
            raise _refusal(answer)
        try:
            return shape.model_validate_json(answer.content)
        except ValidationError:
            raise GatewayRefused(
                "not_understood", "The gateway answered in a form this version doesn't know."
            ) from None


def client_from_environment() -> ApiClient:
    """The gateway of INTERLOCK_URL with the key of INTERLOCK_TOKEN; raises `BadUsage`."""
    token = os.environ.get("INTERLOCK_TOKEN", "")
    if not token:
        raise BadUsage("Set INTERLOCK_TOKEN to your Interlock key (`interlock token create` makes one).")
    return ApiClient(os.environ.get("INTERLOCK_URL", DEFAULT_URL), Secret(token))


@contextmanager
def plain_failures() -> Iterator[None]:
    """Ends a command with one sentence on standard error and an exit code: 1 refused, 2 bad usage, 3 unreachable."""
    try:
        yield
    except GatewayRefused as error:
        for mistake in error.mistakes:
            print(visible(mistake), file=sys.stderr)
        _fail(f"Refused ({error.code}): {error.sentence}", REFUSED)
    except GatewayUnreachable as error:
        _fail(str(error), UNREACHABLE)
    except BadUsage as error:
        _fail(str(error), BAD_USAGE)


def _fail(sentence: str, code: int) -> None:
    print(visible(sentence), file=sys.stderr)
    raise typer.Exit(code)


def _refusal(answer: httpx.Response) -> GatewayRefused:
    try:
        told = answer.json()
        return GatewayRefused(str(told["code"]), str(told["sentence"]), list(map(str, told.get("mistakes") or ())))
    except (ValueError, KeyError, TypeError, AttributeError):
        return GatewayRefused(f"http_{answer.status_code}", "Whatever answers at this address isn't a gateway's API.")


def check_address(url: str) -> None:
    """Raises `BadUsage` for anything but https, or http to this machine."""
    parts = urlsplit(url)
    host = parts.hostname or ""
    if parts.scheme == "https" and host:
        return
    if parts.scheme != "http" or not _is_this_machine(host):
        raise BadUsage("The gateway's address must be https, or http to this machine: a key isn't sent in clear.")


def _is_this_machine(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
