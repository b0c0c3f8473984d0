"""Text from outside on a terminal or in a log: shown, and never obeyed.

Belongs here: making what exports, servers and files say harmless to print. Does not: what is printed.
"""

from rich.markup import escape

# Joins emoji to one; alone it shows nothing.
_JOINER = "\u200d"


def printable(text: str, *, keep: str = "") -> str:
    """A text with every character that would steer a terminal, end a line or turn its direction written out.

    Args:
        text: Any text.
        keep: Characters that may stay all the same, such as a line feed.
    """
    if text.isprintable():
        return text
    return "".join(
        each if each.isprintable() or each in keep or each == _JOINER else each.encode("unicode_escape").decode()
        for each in text
    )


def shown(text: str, *, keep: str = "") -> str:
    """The same for Rich, which takes brackets for markup."""
    return escape(printable(text, keep=keep))
