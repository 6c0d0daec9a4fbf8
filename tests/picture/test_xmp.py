"""Properties of XMP packets, in every form in which XML may write them."""

from __future__ import annotations

import pytest

from blurline.picture.formats.xmp import GPANO, read_properties, written_packet

_RDF = 'xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#"'


def _packet(inside: str) -> str:
    return f'<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF {_RDF}>{inside}</rdf:RDF></x:xmpmeta>'


@pytest.mark.parametrize(
    "inside",
    [
        f'<rdf:Description xmlns:GPano="{GPANO}" GPano:ProjectionType="equirectangular"/>',
        f"<rdf:Description xmlns:pano=\"{GPANO}\" pano:ProjectionType = 'equirectangular'></rdf:Description>",
        f"<rdf:Description xmlns:p='{GPANO}'><p:ProjectionType>\n equirectangular</p:ProjectionType></rdf:Description>",
        f'<rdf:Description><ProjectionType xmlns="{GPANO}">equirectangular</ProjectionType></rdf:Description>',
        f'<rdf:Description xmlns:a="{GPANO}" a:ProjectionType="equi&#114;ectangular"/>',
        f'<rdf:Description xmlns:a="{GPANO}"><a:ProjectionType><![CDATA[equirectangular]]></a:ProjectionType>'
        "</rdf:Description>",
        '<rdf:Description GPano:ProjectionType="equirectangular"/>',
    ],
)
def test_a_property_is_read_under_any_prefix_and_in_any_form(inside: str) -> None:
    for packet in (
        _packet(inside),
        _packet(inside).encode(),
        _packet(inside).encode("utf-16"),
        f'\ufeff<?xpacket begin="\ufeff" id="W5M0MpCehiHzreSzNTczkc9d"?>{_packet(inside)}   <?xpacket end="w"?>\0',
    ):
        assert read_properties(packet, GPANO) == {"ProjectionType": "equirectangular"}


@pytest.mark.parametrize(
    "packet",
    [
        "",
        "\0",
        "GPano:ProjectionType='equirectangular'",
        _packet('<rdf:Description xmlns:GPano="urn:another" GPano:ProjectionType="equirectangular"/>'),
        _packet(f'<!-- <d xmlns:GPano="{GPANO}" GPano:ProjectionType="equirectangular"/> -->'),
        _packet(f'<rdf:Description xmlns:a="{GPANO}" a:ProjectionType="equirectangular">'),
        "<!DOCTYPE x>" + _packet(f'<rdf:Description xmlns:a="{GPANO}" a:ProjectionType="equirectangular"/>'),
        _packet("<a>" * 200 + f'<d xmlns:a="{GPANO}" a:ProjectionType="equirectangular"/>' + "</a>" * 200),
        _packet(" " * 1_000_000 + f'<d xmlns:a="{GPANO}" a:ProjectionType="equirectangular"/>'),
    ],
    ids=range(9),
)
def test_what_is_no_property_of_the_namespace_is_not_read(packet: str) -> None:
    assert read_properties(packet, GPANO) == {}


def test_a_written_packet_is_read_as_it_was_meant() -> None:
    properties = {"ProjectionType": "equirectangular", "PoseHeadingDegrees": "<\"&'>"}
    assert read_properties(written_packet({(GPANO, "GPano"): properties}), GPANO) == properties
