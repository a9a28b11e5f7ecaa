"""Reads, prompts and completions as actions: what they are named after, and that no value becomes a name."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.actions.test_from_tool_call import AGENT

from interlock.actions.from_document import (
    BAD_PROMPT,
    BAD_REFERENCE,
    BAD_URI,
    METHODS,
    TWO_URIS,
    UNSIGNED,
    Signed,
    called,
    fits,
    from_document,
    method_of,
)
from interlock.model.action import Action
from interlock.model.canonical import encode
from interlock.model.connection import Connection
from interlock.model.label import Label
from interlock.model.names import ActionId, ConnectionName, Digest
from interlock.model.offer import Offer, OfferKind
from interlock.model.payload import ToolPayload
from interlock.model.resource import ResourceKind

KB = Connection(ConnectionName("kb"), "mcp", "production", frozenset())
SECRET = "123-45-6789"
TEMPLATES = ("patients://{mrn}/notes", "files://{+path}", "kb://x")


SIGNED = Signed(
    (
        Offer(KB.name, OfferKind.RESOURCE, "labs://{mrn}/{+day}", frozenset({Label("phi.clinical.lab")})),
        Offer(KB.name, OfferKind.RESOURCE, "labs://public", frozenset()),
        Offer(KB.name, OfferKind.RESOURCE, "pay://{who}", frozenset({Label("pii.salary")})),
        Offer(KB.name, OfferKind.PROMPT, "triage", frozenset({Label("phi.name")})),
    ),
    frozenset({"kb/prompts/from a policy", "prompts/compared", "kb/resources/tickets", "Zebulon"}),
)


def asked(
    method: str, params: dict[str, Any] | bytes, templates: tuple[str, ...] = TEMPLATES, signed: Signed = SIGNED
) -> Action:
    text = params if isinstance(params, bytes) else json.dumps(params).encode()
    return from_document(
        id=ActionId("a"),
        actor=AGENT,
        connection=KB,
        method=method,
        params=text,
        templates=templates,
        signed=signed,
        labels=frozenset({Label("phi")}),
        reason="why",
    )


@pytest.mark.parametrize(
    ("method", "params", "name"),
    [
        ("resources/read", {"uri": f"kb://{SECRET}"}, "kb/resources/kb"),
        ("resources/read", {"uri": f"patients://{SECRET}/notes"}, "kb/resources/patients://{mrn}/notes"),
        ("resources/read", {"uri": f"patients://{SECRET}/a/notes"}, "kb/resources/patients"),
        ("resources/read", {"uri": "files://a/b/c"}, "kb/resources/files://{+path}"),
        ("resources/read", {"uri": "HTTPS://a"}, "kb/resources/https"),
        ("prompts/get", {"name": "triage", "arguments": {"who": SECRET}}, "kb/prompts/triage"),
        (
            "completion/complete",
            {"ref": {"type": "ref/prompt", "name": "triage"}, "argument": {"name": "who", "value": SECRET}},
            "kb/prompts/triage",
        ),
        (
            "completion/complete",
            {
                "ref": {"type": "ref/resource", "uri": "patients://{mrn}/notes"},
                "argument": {"name": "mrn", "value": "1"},
            },
            "kb/resources/patients://{mrn}/notes",
        ),
    ],
)
def test_what_is_asked_is_named_without_its_values(method: str, params: dict[str, Any], name: str) -> None:
    action = asked(method, params)
    (ask,) = action.asks
    assert (ask.verb, ask.resource.kind, ask.resource.id) == (METHODS[method], ResourceKind.DOCUMENT, name)
    assert action.refusal is None and "phi" in action.exposure.labels and not action.effect_free
    assert SECRET not in name + action.templates[0].stored
    assert isinstance(action.payload, ToolPayload) and json.loads(action.payload.arguments) == params
    assert method_of(action.payload, KB) == method
    encode(action.cover)


@pytest.mark.parametrize(
    ("uri", "name", "labels"),
    [
        ("labs://7/2026-11", "labs://{mrn}/{+day}", {"phi.clinical.lab"}),
        ("LABS://7/2026-11", "labs://{mrn}/{+day}", {"phi.clinical.lab"}),
        ("labs://%37/2026-11", "labs://{mrn}/{+day}", {"phi.clinical.lab"}),
        ("labs://public", "labs://public", set()),
        ("pay://ana", "pay://{who}", {"pii.salary"}),
        # What fits none may be any of them, whatever its server makes of it.
        ("labs://7", "labs", {"phi.clinical.lab", "pii.salary"}),
        ("pay://ana/?x=1", "pay", {"phi.clinical.lab", "pii.salary"}),
        ("https://x", "https", {"phi.clinical.lab", "pii.salary"}),
    ],
)
def test_a_pinned_resource_bears_the_labels_of_its_map(uri: str, name: str, labels: set[str]) -> None:
    for method, params in (
        ("resources/read", {"uri": uri}),
        ("resources/subscribe", {"uri": uri}),
        ("completion/complete", {"ref": {"type": "ref/resource", "uri": uri}, "argument": {"name": "mrn"}}),
    ):
        action = asked(method, params)
        (ask,) = action.asks
        assert ask.resource.id == f"kb/resources/{name}" or action.refusal == TWO_URIS
        assert action.exposure.labels == ask.resource.labels == action.exposure.outputs[0].labels == {"phi", *labels}


def test_without_a_map_nothing_is_labelled_and_other_templates_change_nothing() -> None:
    assert asked("resources/read", {"uri": "labs://7/1"}, signed=UNSIGNED).exposure.labels == {"phi"}
    wide = ("labs://{+any}", "{+any}", "labs://7/{x}")
    action = asked("resources/read", {"uri": "labs://7/1"}, wide)
    assert action.asks[0].resource.id == "kb/resources/labs://{mrn}/{+day}"
    assert action.exposure.labels == {"phi", "phi.clinical.lab"}


@pytest.mark.parametrize(
    ("name", "told", "labels"),
    [
        ("triage", "triage", {"phi.name"}),
        ("from a policy", "from a policy", {"phi.name"}),
        ("compared", "compared", {"phi.name"}),
        ("Zebulon", "?", {"phi.name"}),  # a word of policies, but none that names a prompt
    ],
)
def test_a_prompt_is_named_where_people_signed_for_its_name(name: str, told: str, labels: set[str]) -> None:
    action = asked("prompts/get", {"name": name})
    assert action.refusal is None and action.asks[0].resource.id == f"kb/prompts/{told}"
    assert action.exposure.labels == {"phi", *labels}
    assert asked("prompts/get", {"name": "triage"}, signed=UNSIGNED).asks[0].resource.id == "kb/prompts/?"


def test_a_scheme_that_only_the_asker_says_isnt_written_down() -> None:
    for uri, told in (("zebulon://x", "?"), ("tickets://1", "tickets"), ("file:///x", "file"), ("files:x", "files")):
        action = asked("resources/read", {"uri": uri})
        assert action.refusal is None and action.asks[0].resource.id == f"kb/resources/{told}"
        assert "zebulon" not in repr([action.templates, action.asks])
    params = {"name": "triage", "arguments": {"zebulon": "x"}}
    assert "zebulon" not in repr(asked("prompts/get", params).templates)


@pytest.mark.parametrize(
    ("method", "params", "because"),
    [
        ("resources/read", {}, BAD_URI),
        ("resources/read", {"uri": SECRET}, BAD_URI),
        ("resources/read", {"uri": "kb://\u202e"}, BAD_URI),
        ("prompts/get", {"name": SECRET}, BAD_PROMPT),
        ("prompts/get", {"name": "a b"}, BAD_PROMPT),
        ("completion/complete", {"ref": {"type": "ref/tool", "name": "x"}}, BAD_REFERENCE),
        ("completion/complete", {}, BAD_REFERENCE),
    ],
)
def test_what_names_nothing_is_refused(method: str, params: dict[str, Any], because: str) -> None:
    action = asked(method, params)
    assert action.refusal == because and SECRET not in action.asks[0].resource.id


@pytest.mark.parametrize("text", [b"", b"[]", b'{"uri":1,"uri":2}', b"\xff", b'{"uri":"kb://x","n":1e999}'])
def test_what_cant_be_read_is_refused(text: bytes) -> None:
    action = asked("resources/read", text)
    assert action.refusal is not None and action.asks[0].resource.id == "kb/?"


def test_no_tools_payload_is_taken_for_a_documents() -> None:
    payload = ToolPayload("kb/resources/read", Digest(""), b"{}")
    assert method_of(payload, KB) is None and called(KB, "resources/read") != payload.tool


@given(st.text(max_size=30), st.text(max_size=30))
def test_a_template_fits_or_not_and_never_raises(template: str, uri: str) -> None:
    assert isinstance(fits(template, uri), bool)


@given(
    st.dictionaries(st.sampled_from(["uri", "name", "ref", "x"]), st.text(max_size=12)),
    st.sampled_from(sorted(METHODS)),
)
def test_any_params_make_one_ask_of_one_document(params: dict[str, str], method: str) -> None:
    (ask,) = asked(method, params).asks
    assert ask.resource.kind is ResourceKind.DOCUMENT


def test_fitting_takes_one_pass() -> None:
    template = "kb://" + "{a}x" * 100
    for text in ("a" * 1_000_000, "x" * 1_000_000, "/" * 1_000_000):
        assert fits(template, f"kb://{text}") in (True, False)


KINDS = ("kb://public/{page}", "kb://secret-{id}", "repo://{owner}/{path}")


@pytest.mark.parametrize(
    "uri",
    [
        "KB://secret-1",
        "kb://SECRET-1",
        "kb://%73ecret-1",
        "kb://%2573ecret-1",
        "kb://public/..%2f..%2fsecret-1",
        "kb://public/..",
        "kb://public\\..\\secret-1",
        "kb:////secret-1",
    ],
)
def test_a_uri_that_a_server_may_read_as_anothers_is_refused(uri: str) -> None:
    assert asked("resources/read", {"uri": uri}, KINDS).refusal == TWO_URIS


WIDE = (
    Offer(KB.name, OfferKind.RESOURCE, "kb://{+any}", frozenset()),
    Offer(KB.name, OfferKind.RESOURCE, "kb://patients/{id}", frozenset({Label("phi.mrn")})),
    Offer(KB.name, OfferKind.RESOURCE, "https://ehr.test/patients/{id}", frozenset({Label("phi.mrn")})),
    Offer(KB.name, OfferKind.RESOURCE, "https://{+any}", frozenset()),
)


@pytest.mark.parametrize(
    "uri",
    [
        "kb://patients/7/",
        "kb://patients/7?x=/",
        "kb://patients/7#/",
        "kb://patients/7?/x",
        "kb://patients;a=1/7",
        "kb://notes/..;/patients/7",
        "kb://\uff50\uff41tients/7",
        "kb://patients\uff0f7",
        "https://ehr.test:443/patients/7",
        "https://me@ehr.test/patients/7",
    ],
)
def test_a_wide_template_hides_no_narrow_one(uri: str) -> None:
    """What a lenient server reads as a patient bears a patient's labels, and is refused where its name is another's."""
    action = asked("resources/read", {"uri": uri}, signed=Signed(WIDE))
    assert action.refusal == TWO_URIS or (
        "phi.mrn" in action.exposure.labels and "patients" in action.asks[0].resource.id
    )


@pytest.mark.parametrize(
    ("uri", "name"),
    [
        ("kb://find?q=a", "kb://find{?q}"),
        ("kb://find", "kb://find{?q}"),
        ("kb://a/b#L3", "kb://a/{+path}#L{n}"),
        ("kb://a/b;v=2", "kb://a/{x};v={v}"),
    ],
)
def test_queries_that_a_template_has_are_its_own(uri: str, name: str) -> None:
    action = asked("resources/read", {"uri": uri}, (name,), signed=UNSIGNED)
    assert action.refusal is None and name in (
        action.asks[0].resource.id.removeprefix("kb/resources/"),
        "kb://find{?q}",
    )


@pytest.mark.parametrize(
    ("uri", "name"),
    [
        ("kb://public/A%20page", "kb://public/{page}"),
        ("repo://Ada/src%2Fmain.py", "repo://{owner}/{path}"),
        ("kb://public/a..b", "kb://public/{page}"),
        ("other://a//b", "?"),
        ("kb://Other", "kb"),
    ],
)
def test_a_uri_that_can_only_be_one_is_taken(uri: str, name: str) -> None:
    action = asked("resources/read", {"uri": uri}, KINDS)
    assert action.refusal is None and action.asks[0].resource.id == f"kb/resources/{name}"


def test_a_scheme_that_holds_a_number_is_no_name() -> None:
    action = asked("resources/read", {"uri": "s536904399://x"})
    assert action.refusal == BAD_URI and action.asks[0].resource.id == "kb/resources/?"


@pytest.mark.parametrize("method", ["resources/subscribe", "resources/unsubscribe"])
def test_to_subscribe_is_asked_for_as_to_read(method: str) -> None:
    (ask,) = asked(method, {"uri": "patients://1/notes"}).asks
    assert (ask.verb, ask.resource.id) == (METHODS["resources/read"], "kb/resources/patients://{mrn}/notes")
