"""Words that say, just before, that an address follows."""

from __future__ import annotations

import re

from interlock.sensitivity.names.wording import words_of

_LOOK = 90
_CUE = re.compile(
    r"(?:\baddress(?:es)?\b[^.\n]{0,40}|\b(?:lives?|lived|living|resid(?:es?|ed|ing)|located|situated|based|office"
    r"|offices|home|house|store|shop|clinic|property|apartment|flat|lease|rent(?:s|ed|ing)?|site|premises|courier|parcel"
    r"|package|stays?|staying|meet(?:ing)?|be|moved|moving|live|wohn(?:e|t|en)?|habit(?:e|ons|ent)|vivo|vive|abito|mieszkam"
    r"|bor|dropped|left)\b[^.\n]{0,24}\b(?:at|in|on|is|to|for|it|en|au|p[åa]|przy)\s|\b(?:sent?|ship(?:ped)?"
    r"|mail(?:ed)?|deliver(?:ed)?|return(?:ed)?|taxi|cab|uber|ride"
    r"|drive|go|going|come|coming|invite|arrived?|forward(?:ed)?|send|directions|bill(?:ed)?|enter|entrance|where"
    r"|it['’]?s in)\b[^.\n]{0,32}\b(?:at|to|on|in|is|:)\s"
    r"|\brefers to\s|\bwhere:\s|\bcorner of\s|\badd?ress?:?\s|\bdom(?:icile|icilio|icilié)\b[^.\n]{0,12}\s"
    r"|\b(?:adresse|dirección|direccion|indirizzo|endereço|adres|anschrift|adresa|osoite|cím)\b\W{1,3})$"
)
CUE_WORDS = words_of(
    "address addresses adress addres live lives lived living reside resides resided residing located situated"
    " based office offices home house store shop clinic property apartment flat lease rent rents rented renting"
    " site premises courier parcel package stay stays staying meet meeting be moved moving wohne wohnt wohnen"
    " habite habitons habitent vivo vive abito mieszkam bor dropped left sent ship shipped mail mailed deliver"
    " delivered return returned taxi cab uber ride drive go going come coming invite arrive arrived forward"
    " forwarded send directions bill billed enter entrance where it refers corner domicile domicilio domicilié"
    " adresse dirección direccion indirizzo endereço adres anschrift adresa osoite cím"
)
"""Without one of these words there is no cue in a text."""
_LAST = (
    "at ", "in ", "on ", "is ", "to ", "for ", "it ", "en ", "au ", "på ", "pa ", "przy ", ": ", "of ", "where:", ":\n",
    "address ", "adress ", "addres ", "adresse ", "indirizzo ", "endereço ", "adres ",
)  # fmt: skip


def after_cue(low: str, start: int) -> bool:
    """Whether a word for address or for being somewhere leads up to `start` in the lower-case text."""
    begin = max(0, start - _LOOK)
    # Few places get past this, and it takes a tenth of the time.
    if not low.endswith(_LAST, begin, start) and low.rfind("addr", max(0, start - 50), start) < 0:
        return low.rfind("dom", max(0, start - 24), start) >= 0 and _CUE.search(low, begin, start) is not None
    return _CUE.search(low, begin, start) is not None
