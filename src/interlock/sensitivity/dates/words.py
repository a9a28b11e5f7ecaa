"""Words that dates are made of, as expressions and sets. English first; others' months count beside a day."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from interlock.sensitivity.names.wording import words_of

ENGLISH_WORDS = words_of(
    "jan january feb february febuary mar march apr april may jun june jul july aug august sep sept september oct"
    " october nov november dec december"
)
_OTHER_TONGUES = words_of(
    "januari januar janvier enero gennaio janeiro februari februar fevrier février febrero febbraio fevereiro märz marz"
    " mars marzo março marco maart avril abril aprile mai mayo maggio maio mei maj juni juin junio giugno junho juli"
    " juillet julio luglio julho août aout agosto augustus septembre septiembre settembre setembro oktober octobre"
    " octubre ottobre outubro novembre noviembre novembro dezember décembre decembre diciembre dicembre dezembro marts"
    " augusti stycznia lutego marca kwietnia maja czerwca lipca sierpnia września października listopada grudnia ledna"
    " února března dubna května června července srpna září října listopadu prosince január február március április"
    " május június július augusztus szeptember október ocak şubat nisan mayıs haziran temmuz ağustos eylül ekim kasım"
    " aralık ianuarie februarie martie aprilie iunie iulie septembrie octombrie noiembrie decembrie tammikuuta"
    " helmikuuta maaliskuuta huhtikuuta toukokuuta kesäkuuta heinäkuuta elokuuta syyskuuta lokakuuta marraskuuta"
    " joulukuuta"
)
MONTHS = ENGLISH_WORDS | _OTHER_TONGUES
FULL_MONTHS = words_of("January February March April May June July August September October November December")
DOUBTFUL_MONTHS = frozenset({"may", "mar", "march", "dec", "sep", "jan", "mars", "mai", "mayo", "mei", "maj"})
FOREIGN_DOUBTFUL_MONTHS = frozenset({"mai", "mayo", "mei", "maj"})
"""Also verbs, names, short forms of other things: written small they need a year or an ordinal beside them."""
VERBS = frozenset({"may", "march", "mars", "mai", "mayo", "mei", "maj", "maja"})
"""Those that are so even with a number behind them."""

ORDINAL_WORD = (
    r"(?:twenty|thirty)[ -]?(?:first|second|third|fourth|fifth|sixth|seventh|eighth|ninth)|first|second|third|fourth"
    r"|fifth|sixth|seventh|eighth|ninth|tenth|eleventh|twelfth|thirteenth|fourteenth|fifteenth|sixteenth|seventeenth"
    r"|eighteenth|nineteenth|twentieth|thirtieth"
)
DAY = r"(?:0?[1-9]|[12][0-9]|3[01])(?![0-9])(?:\s?(?:st|nd|rd|th)\b|(?=\b|_|[A-Za-z]))"
WEEKDAY = r"(?:mon|tues?|wed(?:nes)?|thu(?:rs?)?|fri|sat(?:ur)?|sun)(?:day)?\.?"
FOREIGN_WEEKDAY = (
    r"(?:(?:ma|man|ti|tirs|on|ons|to|tors|fre|lør|søn|mån|tis|lör|sön|maan|dins|woens|donder|vrij|zater|zon)dag|montag"
    r"|dienstag|mittwoch|donnerstag|freitag|samstag|sonntag|lundi|mardi|mercredi|jeudi|vendredi|samedi|dimanche|lunes"
    r"|martes|miércoles|jueves|viernes|sábado|domingo|lunedì|martedì|mercoledì|giovedì|venerdì|sabato|domenica)"
)
FULL_WEEKDAYS = words_of("monday tuesday wednesday thursday friday saturday sunday")
YEAR_IN_WORDS = (
    r"(?:nineteen|twenty|two thousand)(?:[ -](?:hundred|and|oh|ten|eleven|twelve|thirteen|fourteen|fifteen|sixteen"
    r"|seventeen|eighteen|nineteen|twenty|thirty|forty|fifty|sixty|seventy|eighty|ninety|one|two|three|four|five|six"
    r"|seven|eight|nine)\b){1,4}"
)
YEAR = r"(?:(?:18|19|20)[0-9]{2}(?![0-9])|['’‘`][0-9]{2}(?![0-9]))"
HOLIDAY = (
    r"christmas(?: eve| day| morning| night)?|xmas(?: eve| day| morning)?|new year['’]?s?(?: eve| day)"
    r"|thanksgiving(?: day)?|easter(?: sunday| monday)?"
    r"|halloween|labou?r day|memorial day|independence day|fourth of july|4th of july|valentine['’]?s day"
    r"|st\.? patrick['’]?s day|mother['’]?s day|father['’]?s day|veterans day|columbus day|presidents['’]? day"
    r"|mlk day|juneteenth|boxing day|good friday|ash wednesday|palm sunday|hanukkah|passover|yom kippur|diwali"
    r"|bonfire night|st\.? stephen['’]?s day|canada day|australia day|anzac day|martin luther king day|hogmanay"
    r"|midsummer(?: eve| day)?|whit monday|pentecost|epiphany|holi|lunar new year|chinese new year|ramadan"
    r"|eid(?: al-fitr| al-adha)?|guy fawkes night|bank holiday monday"
)

MONTH_NUMBER: Mapping[str, int] = MappingProxyType(
    {
        start: number
        for number, starts in enumerate(
            ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"), start=1
        )
        for start in (starts,)
    }
)
