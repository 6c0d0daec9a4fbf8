"""Whether a text of the metadata is plain prose: no position, no address of a person, no structured data.

The rules lean towards dropping. A text that fails is dropped whole, because what is left of it could still say more
than its owner knows.
"""

from __future__ import annotations

import itertools
import re
import unicodedata
from collections.abc import Callable
from enum import StrEnum


class Hidden(StrEnum):
    """What a text contains beside prose."""

    POSITION = "a position"
    ADDRESS = "an address"
    DATA = "structured data"


def hidden_in(text: str) -> Hidden | None:
    """What a description, an artist or a copyright contains that a policy without it must not pass."""
    return _hidden(text, _is_address)


def hidden_in_name(text: str) -> Hidden | None:
    """The same for the name of a camera or lens, whose numbers are no telephone numbers or postcodes."""
    return _hidden(text, lambda plain: bool(_ONLINE.search(plain)))


_LETTERS = r"[^\W\d_]"
_LICENCE = re.compile(r"https?://creativecommons\.org/(licenses|publicdomain)/[a-z0-9/.-]*", re.IGNORECASE)
_EXPOSURE = re.compile(r"\bf/?\d+(\.\d+)?(-\d+(\.\d+)?)?|\b\d+(\.\d+)?(-\d+(\.\d+)?)? ?mm(?=f?\b|f\d)", re.IGNORECASE)
_TIME = re.compile(
    r"\b(19|20)\d\d([-:./])(0?[1-9]|1[0-2])\2([12]\d|3[01]|0?[1-9])\b"  # 2026-11-28
    r"|\b([12]\d|3[01]|0?[1-9])([-./])(0?[1-9]|1[0-2])\6((19|20)\d\d|\d\d)\b"  # 28.11.2026
    r"|\b(0?[1-9]|1[0-2])/([12]\d|3[01]|0?[1-9])/(19|20)\d\d\b"  # 11/28/2026
    r"|\b([01]?\d|2[0-3]):[0-5]\d(:[0-5]\d)?\b"
    r"|\b(19|20)\d\d ?[-/,] ?((19|20)\d\d|\d\d)\b"  # 2019-2026
)

_KEY_VALUE = re.compile(r"\w[\"']?\s*=\s*\S")
_PAIR = re.compile(r"(?:^|[\n;,|])\s*[\"']?\w[\w .-]{0,30}[\"']?\s*:\s*(?!//)([^\n;,|]+)")
_MARKUP = re.compile(r"[{}]|<[a-z/!?]|\[\s*[\"'\[\d-]|%[0-9a-f]{2}|&#?\w{2,8};|\\[\"\\nrtux]|\t", re.IGNORECASE)
_RUN = re.compile(r"[A-Za-z0-9+/=_-]{16,}")
_LONGEST_WORD = 60
_ENCODED_CHANGES = 4
_SELECTORS = range(0xE0100, 0xE01F0)

_NUMBER = r"[-+]?\d{1,3}[.,]\d+"
_SIDE = r"(?:n|s|e|w|o|north|south|east|west|nord|süd|ost|est|sud|ouest|norte|sur|este|oeste)"
_POSITION = re.compile(
    rf"latitude|longitude|geo:|what3words|geohash"
    rf"|(?:^|[^a-z])(?:lat|lon|lng|long|gps|coord\w*|breite\w*|länge\w*|utm|mgrs|w3w)\W{{0,4}}[-+]?\d"
    rf"|{_NUMBER}\s*[,;/| ]\s*{_NUMBER}"
    r"|\d[.,]\d{4,}"
    r"|\d\s*[°º˚]\s*\d|\d\s*[\u2032\u2033]"
    rf"|\d\s*[°º˚'\"]?\s*{_SIDE}\b.{{0,4}}\d+.{{0,20}}\b{_SIDE}\b"
    rf"|\b[ns]\s*\d{{1,2}}\b.{{0,16}}\b[ewo]\s*\d{{1,3}}\b"
    rf"|\d+\s*(?:°|º|˚|deg\w*|grad)\W*{_SIDE}\b"
    r"|\d+\s*(?:deg\w*|grad)\b.{0,4}\d+"
    r"|\b\d{1,2}\s?[c-x]\s?[a-z]{2}\s?\d{2,5}\s?\d{2,5}\b"  # MGRS
    r"|\b[23456789cfghjmpqrvwx]{4,8}\+[23456789cfghjmpqrvwx]{2,3}\b"  # Open Location Code
    r"|\b[a-r]{2}\d\d[a-x]{2}(?:\d\d)?\b"  # Maidenhead locator
    r"|///|\b(?!www\.)[a-z]{3,}\.[a-z]{3,}\.[a-z]{3,}\b",  # what3words
    re.IGNORECASE,
)
_ANGLE = re.compile(r"\d\s*[°º˚](?!\s*[cf]\b)", re.IGNORECASE)
_ALL_ROUND = re.compile(r"\b(?:180|360)\s*[°º˚]")
_TWO_DECIMALS = re.compile(r"\d[.,]\d{2,}")
_SEXAGESIMAL = re.compile(r"\d:\d\d")
_SHORT_CODE = re.compile(r"\b[0-9b-hjkmnp-z]{7,12}\b", re.IGNORECASE)  # geohash
_GEOHASH_CHANGES = 3

_ONLINE = re.compile(
    r"@\S|\S@|\w+://|\b(?:www\.|mailto:|tel:|data:|urn:|skype:)|[(\[]\s*at\s*[)\]]|\bat\b.+\bdot\b"
    r"|\b[\w-]{2,}\.(?:com|org|net|info|biz|eu|de|at|ch|fr|be|nl|uk|ie|es|pt|it|pl|cz|dk|se|no|fi|us|ca|au|nz|jp|cn|ru|br|in"
    r"|io|me|dev|app|photo|photos|photography|studio|gallery|art|xyz|site|online)\b(?!\.\w)",
    re.IGNORECASE,
)
_TELEPHONE = re.compile(
    r"\d(?:[\s()./\u2013-]*\d){6,}|\b(?:tel|telefon|phone|mobile?|handy|fax|whatsapp|signal)\b\W*\d", re.IGNORECASE
)
_POSTAL = re.compile(
    rf"{_LETTERS}*(?:stra(?:ß|ss)e|str\.|gasse|allee|platz|weg|damm|ufer|straat|laan|plein|gracht|kade|dijk|singel"
    rf"|gatan|vägen|gata|gate|vej|veien|vegen|katu)\s+\d+"
    rf"|\b\d+\s*[a-z]?,?\s+(?:[\w.'-]+\s+){{0,3}}?(?:street|st\.?|road|rd\.?|avenue|ave\.?|lane|ln|drive|dr\.|boulevard|blvd"
    rf"|court|square|terrace|crescent|highway|hwy|mews|close|parkway|pkwy)\b"
    rf"|\b\d+\s*(?:bis|ter)?,?\s+(?:rue|av\.|bd|place|chemin|allée|quai|impasse|route|cours)\b"
    rf"|\b(?:calle|avenida|av\.|paseo|plaza|via|viale|piazza|corso|rua|praça|largo|ul\.|ulica|улица|ул\.)\s+"
    rf"(?:{_LETTERS}[\w.'-]*\s+){{0,4}}{_LETTERS}[\w.'-]*,?\s+(?:n[.º°]?\s*)?\d+"
    rf"|\bp\.?\s?o\.?\s?box\b|\bpostfach\b|〒|丁目|\d\s*号",
    re.IGNORECASE,
)
_POSTCODE = re.compile(
    rf"\b\d{{5}}(?:-\d{{4}})?\s+[A-ZÄÖÜÉ]{_LETTERS}|\b[A-Z]{{2}}\s+\d{{5}}\b|\b[A-Z]{{1,2}}\d[A-Z\d]?\s+\d[A-Z]{{2}}\b"
    r"|\b\d{4}\s[A-Z]{2}\b"
)


def _hidden(text: str, is_address: Callable[[str], bool]) -> Hidden | None:
    plain = _plain(text)
    if _is_data(text, plain):
        return Hidden.DATA
    if _is_position(plain):
        return Hidden.POSITION
    return Hidden.ADDRESS if is_address(plain) else None


def _plain(text: str) -> str:
    """One spelling of equal characters; without licences and exposures, whose numbers are neither."""
    folded = unicodedata.normalize("NFKC", text)
    folded = "".join(str(unicodedata.digit(letter, letter)) for letter in folded)
    return _EXPOSURE.sub(" ", _LICENCE.sub(" ", folded))


def _is_data(text: str, plain: str) -> bool:
    if any(ord(letter) in _SELECTORS for letter in text) or any(len(word) > _LONGEST_WORD for word in plain.split()):
        return True
    values = _PAIR.findall(_TIME.sub(" ", plain))
    is_list = len(values) > 2 or (len(values) == 2 and any(re.search(r"[\d\"']", value) for value in values))
    is_encoded = any(_changes(run) >= _ENCODED_CHANGES for run in _RUN.findall(plain))
    return is_list or is_encoded or bool(_MARKUP.search(plain) or _KEY_VALUE.search(plain)) or plain.count("|") > 2


def _is_position(plain: str) -> bool:
    timeless = _TIME.sub(" ", plain)
    angles = _ANGLE.findall(_ALL_ROUND.sub(" ", timeless))
    return (
        bool(_POSITION.search(timeless))
        or bool(_SEXAGESIMAL.search(timeless))
        or len(angles) > 1
        or len(_TWO_DECIMALS.findall(timeless)) > 1
        or any(_changes(code) >= _GEOHASH_CHANGES for code in _SHORT_CODE.findall(timeless))
    )


def _is_address(plain: str) -> bool:
    timeless = _TIME.sub(" ", plain)
    return any(pattern.search(timeless) for pattern in (_ONLINE, _TELEPHONE, _POSTAL, _POSTCODE))


def _changes(run: str) -> int:
    """How often neighbouring characters change between small letters, capitals and digits, as in encoded data. A
    capital before small letters starts a word, which is no change."""
    kinds = [
        "d" if letter.isdigit() else "u" if letter.isupper() else "l" if letter.islower() else "" for letter in run
    ]
    pairs = itertools.pairwise(kinds)
    return sum(bool(one and other) and one != other and (one, other) != ("u", "l") for one, other in pairs)
