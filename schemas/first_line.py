"""What another program says went wrong, on one line."""


def first_line(error: object) -> str:
    """The first line of an error's words, with single blanks; what follows is its own trace or hint."""
    return " ".join(str(error).split("\n")[0].split())
