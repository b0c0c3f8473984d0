"""Detection and redaction of e-mail addresses and phone numbers in text.

Belongs here: the patterns, in the syntax that DuckDB and Polars share. Does not: which texts are published
(`assets/publishing/selects`), or shown in Dagster (`assets/metadata`). The patterns prefer false positives: any text
that looks like a phone number is redacted, and the landed file still has it.
"""

import polars as pl

from schemas.quoting import literal

# No blank, quote or bracket, and no slash: "site.com/@handle" is the URL of a page.
_WORD = r"[^\s@\x{ff20},;:<>()\[\]{}\"'|=/\\\\]+"
_AT = r"(?:@|\x{ff20}|%40|\\u0040|&#64;|\s?[\[({]\s?(?:at|AT|At)\s?[\])}]\s?)"
_EMAIL = rf"{_WORD}{_AT}{_WORD}\.[^\s@,;:<>()\[\]{{}}\"'|=/\\\\.]+"
_PHONE = "|".join(  # noqa: FLY002 - one a line
    (
        r"(?:wa\.me/|tel:|whatsapp:)\s?\+?\d[\d\s().\-]{4,}\d",
        r"\+\d[\d\s().\-/]{5,18}\d",
        r"\b00[1-9]\d?[ .\-/(]\s?[\d\s().\-/]{5,16}\d",
        r"\b0[1-9](?: \d\d){4}\b",
        r"\b0[1-9](?:\.\d\d){4}\b",
        r"\b0[1-9](?:-\d\d){4}\b",
        r"\b0\d{9,11}\b",
        r"\b0\d{2,4}[ /\-]\d{3,5}[ \-]?\d{2,6}\b",
        r"(?:\b1[ .\-])?\(?\b\d{3}\)?[ .\-]\d{3}[ .\-]\d{4}\b",
    )
)
_NEEDED = r"[@\x{ff20}0-9%&\[({\\]"
_MARKS = ((_EMAIL, "[e-mail]"), (_PHONE, "[phone]"))


def redacted_sql(expression: str) -> str:
    """Returns a SQL expression for a text without e-mail addresses and phone numbers."""
    found = expression
    for pattern, mark in _MARKS:
        found = f"regexp_replace({found}, {literal(pattern)}, {literal(mark)}, 'g')"
    # Most texts contain no character of either pattern, and skip the replacements.
    return f"CASE WHEN regexp_matches({expression}, {literal(_NEEDED)}) THEN {found} ELSE {expression} END"


def redacted(text: pl.Expr) -> pl.Expr:
    """Returns the same for a column of text in Polars."""
    for pattern, mark in _MARKS:
        text = text.str.replace_all(pattern, mark)
    return text
