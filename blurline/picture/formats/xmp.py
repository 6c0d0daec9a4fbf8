"""XMP (ISO 16684-1): simple properties read from a packet with an XML parser, and written to a new packet."""

from __future__ import annotations

from collections.abc import Mapping
from xml.sax import SAXException, handler
from xml.sax.saxutils import quoteattr
from xml.sax.xmlreader import AttributesImpl

from defusedxml import DefusedXmlException, sax

GPANO = "http://ns.google.com/photos/1.0/panorama/"
"""The namespace of Google's Photo Sphere properties."""

_CONVENTIONAL = {"GPano": GPANO}
"""Namespaces of prefixes that some writers do not declare."""

_RDF = "http://www.w3.org/1999/02/22-rdf-syntax-ns#"
_MOST_BYTES = 1_000_000
_MOST_DEPTH = 100
_PADDING = b"\0 \t\r\n"


def read_properties(packet: bytes | str, namespace: str) -> dict[str, str]:
    """The simple properties of a namespace by local name, whatever its prefix; of a repeated one the first.

    Properties are attributes or elements. A packet that is no well-formed XML, has a document type (which XMP forbids),
    or exceeds a megabyte has none.
    """
    reader = _read(packet, namespace)
    return reader.properties if reader else {}


def read_lists(packet: bytes | str, namespace: str) -> dict[str, tuple[str, ...]]:
    """The properties of a namespace that are arrays of simple values. Reads what `read_properties` reads."""
    reader = _read(packet, namespace)
    return reader.lists if reader else {}


def written_packet(properties: Mapping[tuple[str, str], Mapping[str, str]], children: str = "") -> bytes:
    """A packet with simple properties, by their namespace and the prefix to write for it, and with further elements."""
    values = "".join(
        f' xmlns:{prefix}="{namespace}"'
        + "".join(f" {prefix}:{name}={quoteattr(value)}" for name, value in sorted(each.items()))
        for (namespace, prefix), each in properties.items()
        if each
    )
    return (
        '<?xpacket begin="\ufeff" id="W5M0MpCehiHzreSzNTczkc9d"?>'
        '<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="' + _RDF + '">'
        f'<rdf:Description rdf:about=""{values}>{children}</rdf:Description></rdf:RDF></x:xmpmeta>'
        '<?xpacket end="r"?>'
    ).encode()


def _read(packet: bytes | str, namespace: str) -> _Reader | None:
    data = packet.encode("utf-8", "replace") if isinstance(packet, str) else packet
    data = data if data[:2] in (b"\xff\xfe", b"\xfe\xff") else data.strip(_PADDING)
    if not data or len(data) > _MOST_BYTES:
        return None
    reader = _Reader(namespace)
    try:
        sax.parseString(data, reader, forbid_dtd=True)
    except (SAXException, DefusedXmlException, ValueError):
        return None
    return reader


class _Reader(handler.ContentHandler):
    """Resolves prefixes itself, because a namespace-aware parser refuses packets with an undeclared one."""

    def __init__(self, namespace: str) -> None:
        super().__init__()
        self.properties: dict[str, str] = {}
        self.lists: dict[str, tuple[str, ...]] = {}
        self._items: list[str] = []
        self._namespace = namespace
        self._scopes: list[dict[str, str]] = [_CONVENTIONAL]
        self._text: list[str] = []

    def startElement(self, name: str, attrs: AttributesImpl) -> None:  # noqa: N802
        declared = {
            attribute.removeprefix("xmlns").removeprefix(":"): value
            for attribute, value in attrs.items()
            if attribute == "xmlns" or attribute.startswith("xmlns:")
        }
        self._scopes.append(self._scopes[-1] | declared if declared else self._scopes[-1])
        if len(self._scopes) > _MOST_DEPTH:
            raise ValueError("XMP elements nest too deeply")
        for attribute, value in attrs.items():
            if ":" in attribute:  # an attribute without a prefix has no namespace
                self._add(attribute, value)
        self._text = []
        if self._namespace_of(name) != _RDF:
            self._items = []

    def characters(self, content: str) -> None:
        self._text.append(content)

    def endElement(self, name: str) -> None:  # noqa: N802
        text = "".join(self._text)
        self._add(name, text)
        self._text = []
        if self._namespace_of(name) == _RDF and name.endswith(":li"):
            self._items.append(text.strip())
        elif self._items and self._namespace_of(name) == self._namespace:
            self.lists.setdefault(name.rpartition(":")[2], tuple(self._items))
            self._items = []
        self._scopes.pop()

    def _add(self, name: str, value: str) -> None:
        if self._namespace_of(name) == self._namespace and value.strip():
            self.properties.setdefault(name.rpartition(":")[2], value.strip())

    def _namespace_of(self, name: str) -> str | None:
        return self._scopes[-1].get(name.rpartition(":")[0])
