"""Error messages of other programs, on one line."""


def first_line(error: object) -> str:
    """Returns the first line of an error message, with single spaces; the rest is a trace or hint."""
    return " ".join(str(error).split("\n")[0].split())
