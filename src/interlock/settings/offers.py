"""Resources and prompts in files that define tools: what their labels are, and that their names are names.

    {"connection": "records", "tools": [...],
     "resources": [{"uriTemplate": "patients://{mrn}/notes", "interlock": {"labels": ["phi"]}}],
     "prompts": [{"name": "triage", "interlock": {"labels": ["phi"]}}]}

Members are as resources/templates/list and prompts/list have them; what else a server says of one isn't read.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

from interlock.actions.from_document import MAX_TEMPLATES, is_template
from interlock.errors import MalformedInput
from interlock.model import jcs
from interlock.model.label import parse_label
from interlock.model.names import ConnectionName
from interlock.model.offer import Offer, OfferKind
from interlock.policy.spelling import nearest
from interlock.review.visible import visible
from interlock.settings.tools import MAP, MAX_NAME, is_plain

_NAMED: Final = {OfferKind.RESOURCE: "uriTemplate", OfferKind.PROMPT: "name"}
_MAP_KEYS: Final = ("labels",)


def read_offers(file: str, text: str, before: Sequence[Offer] = ()) -> tuple[list[Offer], list[str]]:
    """The offers that `text` defines, and each mistake as `file: sentence`; `before` are those of other files.

    What is wrong with the file as a whole is `read_tools`' to say.
    """
    try:
        document = jcs.read(text.encode(errors="surrogatepass"))
    except MalformedInput:
        return [], []
    if not isinstance(document, dict) or not isinstance(connection := document.get("connection"), str):
        return [], []
    offers: list[Offer] = []
    mistakes: list[str] = []
    known = {offer.id for offer in before}
    for where, found in _offers(ConnectionName(connection), document):
        if isinstance(found, str):
            mistakes.append(f"{file}: {where}: {found}")
        elif found.id in known:
            mistakes.append(f'{file}: {where}: "{found.name}" is there already')
        else:
            offers.append(found)
            known.add(found.id)
    return offers, mistakes


def _offers(connection: ConnectionName, document: Mapping[str, Any]) -> Iterator[tuple[str, Offer | str]]:
    for kind in OfferKind:
        listed = document.get(kind.value, [])
        if not isinstance(listed, list) or len(listed) > MAX_TEMPLATES:
            yield kind.value, f"this must be an array of at most {MAX_TEMPLATES} objects"
            continue
        for number, raw in enumerate(listed, 1):
            yield f"{kind.value} {number}", _offer(connection, kind, raw)


def _offer(connection: ConnectionName, kind: OfferKind, raw: Any) -> Offer | str:
    """One of them, or what is wrong with it."""
    key = _NAMED[kind]
    if not isinstance(raw, dict) or not isinstance(name := raw.get(key), str):
        return f'this must be an object with "{key}"'
    if kind is OfferKind.RESOURCE and not is_template(name):
        return f'"{key}" must be a URI or URI template such as patients://{{mrn}}/notes'
    if kind is OfferKind.PROMPT and not (len(name) <= MAX_NAME and is_plain(name)):
        return f'"{key}" must be a string of 1 to {MAX_NAME} characters, each of which can be seen'
    said = raw.get(MAP, {})
    if not isinstance(said, dict):
        return f'"{MAP}" must be an object'
    for each in said:
        if each not in _MAP_KEYS:
            return f'"{MAP}": there is no such key as "{visible(each)}"{nearest(each, _MAP_KEYS)}'
    labels = said.get("labels", [])
    if not isinstance(labels, list) or not all(isinstance(label, str) for label in labels):
        return f'"{MAP}": "labels" must be an array of strings'
    try:
        return Offer(connection, kind, name, frozenset(map(parse_label, labels)))
    except MalformedInput as wrong:
        return f'"{MAP}": {wrong.sentence}'
