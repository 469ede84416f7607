"""Names of WordprocessingML without their namespace: the strict and the transitional one say the same (ISO 29500-1)."""

from __future__ import annotations

from collections.abc import Iterator

from lxml import etree

OFF = frozenset({"0", "false", "off", "none"})


def local(element: etree._Element) -> str:
    """``p`` of ``{http://…/main}p``; nothing for a comment or an entity."""
    tag = element.tag
    return tag.rpartition("}")[2] if isinstance(tag, str) else ""


def attribute(element: etree._Element | None, name: str) -> str | None:
    """An attribute by its local name."""
    if element is None:
        return None
    for key, value in element.attrib.items():
        if str(key).rpartition("}")[2] == name:
            return str(value)
    return None


def child(element: etree._Element | None, *path: str) -> etree._Element | None:
    """The first child of a name, of that the first child of the next name, …"""
    for name in path:
        if element is None:
            return None
        element = next((found for found in element if local(found) == name), None)
    return element


def children(element: etree._Element | None, name: str) -> Iterator[etree._Element]:
    """Every child of a name."""
    if element is not None:
        yield from (found for found in element if local(found) == name)


def value(element: etree._Element | None, *path: str) -> str | None:
    """The ``val`` of the element at the end of the path."""
    return attribute(child(element, *path), "val")


def whole(text: str | None) -> int | None:
    """A whole number, as far as it is one and no monster."""
    try:
        return max(-1_000_000, min(1_000_000, int(text or "")))
    except ValueError:
        return None


def is_on(element: etree._Element | None, *path: str) -> bool | None:
    """A switch: on, off, or not said."""
    found = child(element, *path)
    return None if found is None else (attribute(found, "val") or "1").lower() not in OFF
