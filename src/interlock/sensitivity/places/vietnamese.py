"""Vietnamese addresses: each part has its word, `43/492 Hẻm 79 Huỳnh Văn Bánh`, `Phường Bến Thành, Quận 1`."""

from __future__ import annotations

import re
from collections.abc import Iterator

from interlock.sensitivity.names.wording import words_of
from interlock.sensitivity.passage import Passage
from interlock.sensitivity.places.fixed import Street

_SIGNS = words_of("tp số đường phố hẻm ngõ ngách tổ phường quận xã thôn khóm ấp tỉnh thành huyện thị đội khu")
_PART = r"(?:số|đường|phố|hẻm|ngõ|ngách|khu|tổ|phường|quận|xã|thôn|khóm|ấp|tỉnh|thành phố|huyện|thị trấn|thị xã|tp\.?)"
_ADDRESS = re.compile(
    rf"(?:[0-9]{{1,4}}(?:/[0-9]{{1,4}}){{0,3}}[ \t](?:(?-i:[^\W\da-z_][^\W\d_]{{0,8}})[ \t]){{0,4}})?"
    rf"(?<![^\W\d_]){_PART}(?![^\W\d_])"
    rf"(?:,?[ \t]{{1,2}}(?:{_PART}(?![^\W\d_])|[0-9]{{1,6}}(?:/[0-9]{{1,4}}){{0,3}}[A-Z]?"
    rf"|(?-i:[^\W\da-z_][^\W\d_]{{0,20}}))){{1,14}}",
    re.IGNORECASE,
)
_SMALL = re.compile(
    rf"(?:[0-9]{{1,4}}(?:/[0-9]{{1,4}}){{0,3}}[ \t])?(?<![^\W\d_]){_PART}(?![^\W\d_])"
    rf"(?:[ \t]{{1,2}}(?:[0-9]{{1,4}}|[^\W\d_]{{1,8}})){{1,3}}",
    re.IGNORECASE,
)


def vietnamese(passage: Passage, lower: bool) -> Iterator[Street]:
    """Every run of such parts."""
    if passage.low.isascii() or passage.words.isdisjoint(_SIGNS):
        return
    for match in (_SMALL if lower else _ADDRESS).finditer(passage.text):
        yield Street(match.start(), match.end(), 0.85, "words for its parts")
