"""Vega-Lite specifications to SVG and PNG, without a network."""

from __future__ import annotations

import re
from xml.etree import ElementTree

from offramp.tell.blocks import Spec

# Version of Vega-Lite to compile with; vl-convert brings several along.
_VEGA_LITE = "5.20"

_SVG = "http://www.w3.org/2000/svg"
_XLINK = "http://www.w3.org/1999/xlink"
ElementTree.register_namespace("", _SVG)
ElementTree.register_namespace("xlink", _XLINK)


def svg(spec: Spec) -> str:
    """A specification drawn as SVG, in light colours.

    Nothing is fetched: a specification that refers to an address fails.
    """
    import vl_convert

    return str(vl_convert.vegalite_to_svg(spec, vl_version=_VEGA_LITE, allowed_base_urls=[]))


def png(drawn: str, scale: float = 2.0) -> bytes:
    """An SVG as PNG on white, `scale` pixels for each of its units.

    On no ground dark letters would vanish in a dark window, and the library turns translucent colours grey.
    """
    import vl_convert

    ground = '<rect width="100%" height="100%" fill="#ffffff"/>'
    on_white = re.sub(r"<svg\b[^>]*>", lambda tag: tag.group() + ground, drawn, count=1)
    return bytes(vl_convert.svg_to_png(on_white, scale=scale))


def inline(spec: Spec, identity: str, title: str, description: str, kind: str = "") -> str:
    """A specification drawn as SVG to stand in a page: it scales, has a name, and its ids are its own.

    Parameters
    ----------
    spec : the chart
    identity : unique in the page; begins all ids
    title, description : for those who do not see it
    kind : class of the element
    """
    # The drawing is what vl-convert made of our own specification, so no parser limits are needed.
    root = ElementTree.fromstring(svg(spec))
    width = float(root.get("width", "0"))
    for name in ("height", "version"):
        root.attrib.pop(name, None)
    root.set("width", f"{width:g}")
    root.set("class", f"chart {kind}".strip())
    root.set("role", "img")
    root.set("aria-labelledby", f"{identity}-title {identity}-desc")
    _own_ids(root, identity)
    for position, (tag, words) in enumerate((("title", title), ("desc", description))):
        element = ElementTree.Element(f"{{{_SVG}}}{tag}", {"id": f"{identity}-{tag}"})
        element.text = words
        root.insert(position, element)
    return ElementTree.tostring(root, encoding="unicode")


def _own_ids(root: ElementTree.Element, identity: str) -> None:
    """Put `identity` before every id, and before every reference to one."""
    for element in root.iter():
        for name, value in element.attrib.items():
            if name == "id":
                element.set(name, f"{identity}-{value}")
            elif "url(#" in value:
                element.set(name, re.sub(r"url\(#", f"url(#{identity}-", value))
