"""Mathematics of the documentation as MathML, made while the site is built: `$…$` in a line, `$$…$$` as a block.

A Markdown extension for `make docs`. Browsers render MathML natively, so a page needs neither scripts nor fonts from
elsewhere. TeX that cannot be converted fails the build.
"""

import re
from html import unescape
from re import Match
from xml.etree.ElementTree import Element, SubElement

from latex2mathml.converter import convert_to_element
from markdown import Extension, Markdown
from markdown.blockprocessors import BlockProcessor
from markdown.inlinepatterns import InlineProcessor

# As on GitHub: no space inside the dollars, and no digit after them, which would be a price.
_INLINE = r"(?<![\\$])\$(?!\s)((?:\\.|[^\\$])+?)(?<!\s)\$(?!\d)"
_BLOCK = re.compile(r"^\$\$(.+?)\$\$\s*$", re.DOTALL)
# Above Markdown's own backslash escapes (180) and below its code spans (190).
_PRIORITY = 185
# Ahead of paragraphs (10) and behind code and lists.
_BLOCK_PRIORITY = 15


class MathError(ValueError):
    """TeX that cannot be converted; the message shows it."""


def mathml(tex: str, display: str) -> Element:
    """Converts TeX to a `math` element, `display` being `inline` or `block`.

    Raises:
        MathError: A command is not known, or braces do not match.
    """
    try:
        element = convert_to_element(tex, display=display)
    except Exception as error:
        raise MathError(f"{tex!r} is not TeX that can be shown: {type(error).__name__} {error}") from error
    for node in element.iter():
        # The converter writes characters as references, which Markdown would escape.
        node.text = unescape(node.text) if node.text else node.text
        # It copies unknown commands unchanged.
        if node.text and (node.text == "&" or re.match(r"\\\w", node.text)):
            raise MathError(f"{tex!r} has {node.text!r}, which cannot be shown; write it otherwise")
    return element


class _Inline(InlineProcessor):
    def handleMatch(self, m: Match[str], data: str) -> tuple[Element, int, int]:  # type: ignore[override]  # noqa: ARG002, N802 - Markdown's own name
        return mathml(m[1], "inline"), m.start(0), m.end(0)


class _Block(BlockProcessor):
    def test(self, parent: Element, block: str) -> bool:  # noqa: ARG002 - Markdown's own form
        return bool(_BLOCK.match(block.strip()))

    def run(self, parent: Element, blocks: list[str]) -> None:
        found = _BLOCK.match(blocks.pop(0).strip())
        if found:
            # A separate block scrolls on a narrow screen.
            holder = SubElement(parent, "div", {"style": "overflow: auto hidden"})
            holder.append(mathml(found[1].strip(), "block"))


class MathExtension(Extension):
    """`$…$` and `$$…$$` as MathML."""

    def extendMarkdown(self, md: Markdown) -> None:  # noqa: N802 - Markdown's own name
        """Adds both to a Markdown parser."""
        md.inlinePatterns.register(_Inline(_INLINE, md), "mathml", _PRIORITY)
        md.parser.blockprocessors.register(_Block(md.parser), "mathml", _BLOCK_PRIORITY)


def makeExtension(**settings: object) -> MathExtension:  # noqa: N802 - the name that Markdown looks for
    """Returns the extension for Markdown."""
    return MathExtension(**settings)
