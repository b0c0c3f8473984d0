"""Untrusted text on a terminal or in a log, made safe to print.

Belongs here: escaping texts of exports, servers and files. Does not: choosing what to print.
"""

from rich.markup import escape

# Joins emoji; invisible on its own.
_JOINER = "\u200d"


def printable(text: str, *, keep: str = "") -> str:
    """Escapes every character that would control a terminal, end a line or change its direction.

    Args:
        text: Any text.
        keep: Characters that are not escaped, such as a line feed.
    """
    if text.isprintable():
        return text
    return "".join(
        each if each.isprintable() or each in keep or each == _JOINER else each.encode("unicode_escape").decode()
        for each in text
    )


def shown(text: str, *, keep: str = "") -> str:
    """Escapes a text for Rich, which reads brackets as markup."""
    return escape(printable(text, keep=keep))
