"""A passkey's answer as a form brings it, in four hidden base64url fields filled by static/passkeys.js, and as JSON."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Annotated

from fastapi import Depends, Form

from interlock.errors import AuthenticationFailed
from interlock.identity.passkeys import read_assertion
from interlock.model.passkey import Assertion
from interlock.web.api.shapes import AssertionIn
from interlock.web.problems import Refused

MAX_FIELD = 12_000  # characters of one part in base64url; each has a tighter bound in bytes

Part = Annotated[str, Form(max_length=MAX_FIELD)]


def answer_in_form(
    credential: Part = "", authenticator_data: Part = "", client_data: Part = "", signature: Part = ""
) -> Assertion | None:
    """The passkey's answer in a form, bounded and not yet verified; None where there is none. Raises `Refused`."""
    parts = (credential, authenticator_data, client_data, signature)
    if not any(parts):
        return None
    with refusing():
        return read_assertion(*parts)


Answered = Annotated[Assertion | None, Depends(answer_in_form)]


def answer_in_json(sent: AssertionIn | None) -> Assertion | None:
    """The same of a JSON body. Raises `Refused`."""
    if sent is None:
        return None
    with refusing():
        return read_assertion(sent.credential, sent.authenticator_data, sent.client_data, sent.signature)


@contextmanager
def refusing() -> Iterator[None]:
    """A passkey that isn't accepted is a refusal of somebody who is signed in: 403, and not the sign-in page."""
    try:
        yield
    except AuthenticationFailed as error:
        raise Refused(403, error.code, error.sentence[:1].upper() + error.sentence[1:] + ".") from None
