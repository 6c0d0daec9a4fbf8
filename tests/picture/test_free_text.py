"""Which texts of the metadata are prose."""

from __future__ import annotations

import base64
import json
import uuid

import pytest

from blurline.picture.free_text import Hidden, hidden_in, hidden_in_name

PROSE = [
    "View of the harbour",
    "The harbour at 17:30 on 28.11.2026, ISO 100, f/2.8, 35 mm, 1/250 s",
    "© 2019-2026 Jürgen Müller, all rights reserved",
    "Copyright (c) Jane O'Neill & Sons Ltd. / Agency",
    "CC BY-SA 4.0, https://creativecommons.org/licenses/by-sa/4.0/",
    "Photo: Jane Smith",
    "Baker Street in the rain, 20 °C",
    "360° panorama of the old town, 45° from above",
    "2026:11:28 10:00:00",
    "Demonstration with 10,000 people; about 3.5 km long",
    "Donaudampfschifffahrtsgesellschaft",
    "Stratford-upon-Avon, 2026-11-28_Harbour_Festival_01",
    "日本の港、夕方",
    "Гавань вечером",
    "OLYMPUS DIGITAL CAMERA",
    "SONY DSC",
    "A man, 52, and his dog",
]
POSITIONS = [
    "52.1, 4.5",
    "52,1234 4,5678",
    "52.12345",
    "N52.1 E4.5",
    "52 N, 4 E",
    "52°30'12\"N 4°30'10\"E",
    "52º 30\u2032",
    "52:30:12, 14:30:10 at sea",
    "52 deg 30 min",
    "Lat 52 Lon 4",
    "GPS: 52 / 4",
    "Latitude fifty-two",
    "\uff15\uff12.\uff11, \uff14.\uff15",
    "\u0665\u0662.\u0661, \u0664.\u0665",
    "31U DQ 48251 11932",
    "9F46X2+5V Leiden",
    "JO22fc",
    "u173zq37x014",
    "///filled.count.soap",
    "geo:52,4",
    "52 Nord, 4 Ost",
]
ADDRESSES = [
    "Jane Smith <jane@example.org>".replace("<", "").replace(">", ""),
    "jane (at) example (dot) org",
    "jane at example dot org",
    "@jane",
    "https://example.org/map",
    "www.example.org",
    "example.com",
    "+49 170 1234567",
    "Tel. 555 0123",
    "(020) 7946 0018",
    "10 Downing Street",
    "12 bis rue de la Paix",
    "Hauptstraße 5",
    "Herengracht 12",
    "Calle de Alcalá, 42",
    "12345 Berlin",
    "London SW1A 2AA",
    "1012 AB Amsterdam",
    "PO Box 12",
]
DATA = [
    json.dumps({"MAPLatitude": 52.1, "MAPLongitude": 4.5, "MAPSettingsUsername": "u"}),
    json.dumps(["jane", "smith"]),
    "<user>jane</user>",
    "user=jane",
    "user: jane; id: 7",
    "a: b\nc: d\ne: f",
    "a%20b%2Fc",
    base64.b64encode(b"some hidden words").decode(),
    base64.urlsafe_b64encode(bytes(range(40, 80))).decode(),
    str(uuid.UUID(int=0x550E8400E29B41D4A716446655440000)),
    "a|b|c|d",
    "a\tb",
    "x" * 61,
    "\\u0041",
    "a\U000e0101\U000e0115b",
]
DEVICES = [
    "Canon EOS 5D Mark IV",
    "SM-G998B",
    "iPhone 15 Pro back triple camera 6.765mm f/1.78",
    "EF24-105mm f/4L IS USM",
    "TAMRON SP AF 28-75mm F/2.8 XR Di LD Aspherical [IF] MACRO",
    "24.0-70.0 mm f/2.8",
    "smc PENTAX-DA 18-55mmF3.5-5.6ALII",
    "XF16-55mmF2.8 R LM WR",
    "HUAWEI P30 Pro, VOG-L29",
    "RICOH THETA Z1",
    "FC3582",
    "LEICA DG VARIO-ELMAR 100-400/F4.0-6.3",
]


@pytest.mark.parametrize("text", PROSE)
def test_prose_passes(text: str) -> None:
    assert hidden_in(text) is None


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        *((text, Hidden.POSITION) for text in POSITIONS),
        *((text, Hidden.ADDRESS) for text in ADDRESSES),
        *((text, Hidden.DATA) for text in DATA),
    ],
)
def test_other_texts_are_recognised_alone_and_within_prose(text: str, expected: Hidden) -> None:
    assert hidden_in(text) is expected
    assert hidden_in(f"A view of the harbour. {text}") is not None


@pytest.mark.parametrize("text", DEVICES)
def test_names_of_cameras_and_lenses_pass(text: str) -> None:
    assert hidden_in_name(text) is None


@pytest.mark.parametrize("text", ["52.12345, 4.56789", *DATA, "jane@example.org", "https://example.org"])
def test_a_name_of_a_camera_is_not_a_way_round(text: str) -> None:
    assert hidden_in_name(text) is not None
