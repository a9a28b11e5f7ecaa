"""The engines of a gateway: what they see of forms that anybody knows, and what they do when a part is missing."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any, NoReturn

import pytest
from tests.an_engine import engines

from interlock.app import content, recogniser
from interlock.app.content import Blind, Loading, load_engines, load_forms
from interlock.app.recogniser import RecogniserUnavailable
from interlock.doors.detection import ByLength
from interlock.sensitivity.formats.stricter import Stricter
from interlock.sensitivity.regime import Regime

JWT = "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.c2VhbA"
CANARIES = [
    ("123-45-6789", "pii.ssn"),
    ("SSN-123-45-6789", "pii.ssn"),
    ("ssn 123 45 6789.", "pii.ssn"),
    ("\\n899-99-9999\\n", "pii.ssn"),
    ("4111111111111111", "pci.pan"),
    ("card4111111111111111", "pci.pan"),
    ("4111 1111 1111 1111", "pci.pan"),
    ("5555-5555-5555-4444", "pci.pan"),
    ("3782 822463 10005", "pci.pan"),
    ('{"pan":4111111111111111}', "pci.pan"),
    ("mail dana.o'neil+x@clinic.example.org now", "pii.email"),
    ("zo\u00eb@b\u00fccher.example", "pii.email"),
    ("key=ASIAIOSFODNN7EXAMPLE;", "secret.aws.access_key"),
    ("-----BEGIN RSA PRIVATE KEY-----\nMIIE", "secret.key"),
    (JWT, "secret.jwt"),
    ("Bearer\\n" + JWT, "secret.jwt"),
]


@pytest.mark.parametrize(("text", "label"), CANARIES)
def test_forms_that_anybody_knows_are_seen_in_short_values(text: str, label: str) -> None:
    found = engines().detections[Regime.PII].finder.find(text)
    assert label in {f.label for f in found}
    twin = label.replace("pii.", "phi.")
    assert twin in {f.label for f in engines().detections[Regime.PHI].finder.find(text)}
    forms = load_forms()
    assert forms is not None and twin in {f.label for f in forms.find(text)}, "by form alone, too"


def failing(error: Exception) -> Callable[..., NoReturn]:
    def fail(*args: Any) -> NoReturn:
        raise error

    return fail


def test_without_the_models_extra_lists_and_grammar_look_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(recogniser, "installed", lambda: False)
    loaded = load_engines()
    assert not loaded.trouble and "ner" not in loaded.layers
    finder = loaded.detections[Regime.PII].finder
    assert not isinstance(finder, ByLength | Stricter)
    assert finder.find("Seen by Dr. Alice Moreno")[0].label == "pii.name"
    loaded.close()


def test_with_a_model_that_cannot_be_used_unexplained_words_are_names(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(recogniser, "installed", lambda: True)
    monkeypatch.setattr(recogniser, "load_recogniser", failing(RecogniserUnavailable("its file is broken")))
    loaded = load_engines()
    assert "its file is broken" in loaded.trouble
    text = "came in with Zzyzxian Qwlort today"
    found = loaded.detections[Regime.PHI].finder.find(text)
    told = " ".join(text[f.start : f.end] for f in found if f.label == "phi.name")
    assert "Zzyzxian" in told and "Qwlort" in told
    loaded.close()


def test_with_nothing_that_can_be_loaded_everything_is_a_finding(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(content, "load_tables", failing(ImportError("names")))
    loaded = load_engines()
    assert "ImportError" in loaded.trouble
    finder = loaded.detections[Regime.PHI].finder
    assert isinstance(finder, Blind)
    assert [(f.start, f.end, f.label) for f in finder.find_many(["ok", ""])[0]] == [(0, 2, "phi")]
    assert finder.find("") == () and finder.failed == 3
    loaded.close()


async def test_engines_are_loaded_once_and_off_the_loop(monkeypatch: pytest.MonkeyPatch) -> None:
    made: list[int] = []

    def load() -> Any:
        made.append(1)
        return engines()

    monkeypatch.setattr(content, "load_engines", load)
    loading = Loading()
    loading.begin()
    first, second = await loading.engines(), await loading.engines()
    assert first is second is engines() and made == [1]


async def test_code_is_unread_until_what_looks_into_it_is_there(monkeypatch: pytest.MonkeyPatch) -> None:
    go = threading.Event()

    def late() -> Any:
        assert go.wait(20)
        return load_forms()

    monkeypatch.setattr(content, "load_forms", late)
    monkeypatch.setattr(content, "load_engines", engines)
    monkeypatch.setattr(content, "FORMS_SECONDS", 0.01)
    loading = Loading()
    assert loading.finds("SELECT 1") is None, "nobody has begun"
    loading.begin()
    assert not await loading.ready(), "the wait has a bound"
    assert loading.finds("SELECT 1") is None
    go.set()
    monkeypatch.setattr(content, "FORMS_SECONDS", 20.0)
    assert await loading.ready()
    assert loading.finds("SELECT 1") == () and loading.finds("AKIAIOSFODNN7EXAMPLE")
    await loading.engines()


async def test_code_can_be_read_before_the_lists_are_there_and_without_them(monkeypatch: pytest.MonkeyPatch) -> None:
    go = threading.Event()

    def load() -> Any:
        assert go.wait(20)
        return engines()

    monkeypatch.setattr(content, "load_engines", load)
    loading = Loading()
    assert await loading.ready() and loading.finds("AKIAIOSFODNN7EXAMPLE")
    go.set()
    await loading.engines()


async def test_code_stays_unread_where_patterns_cannot_be_loaded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(content, "found_detectors", failing(ImportError("re2")))
    monkeypatch.setattr(content, "load_engines", engines)
    loading = Loading()
    assert not await loading.ready()
    assert loading.finds("SELECT 1") is None
    await loading.engines()
