"""Encoding of a text file, inferred from all its bytes.

Belongs here: byte order marks, UTF-8, UTF-16 and the code pages of spreadsheets. Does not: cutting text into
records.
"""

import codecs
from pathlib import Path

from charset_normalizer import from_bytes

from assets.reading.formats import open_bytes, whole

_CODE_PAGES = ["cp1252", "mac_roman", "cp1250", "cp1251", "cp1254", "cp1256", "shift_jis", "gb18030", "euc_kr", "big5"]
# Their languages rarely have two accented letters in a row.
_LATIN = ("cp1252", "mac_roman", "cp1250", "cp1254")
_CHUNK = 2**20
_MOST = 64 * 2**20
_SAMPLE = 64 * 1024
_ASCII = 128


def encoding_of(path: Path) -> str:
    """Infers the encoding of a text file, by Python's name.

    Returns:
        `utf-8` where every byte fits it, a byte order mark or not; else `utf-16`, `utf-16-le` or `utf-16-be`; else the
        code page whose letters make most sense of the bytes that are not ASCII.
    """
    with whole(path), open_bytes(path) as file:
        head = file.read(4096)
        if head.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)) and not head.startswith(codecs.BOM_UTF32_LE):
            return "utf-16"
        if b"\x00" in head:
            even, odd = head[::2].count(0), head[1::2].count(0)
            if max(even, odd) > len(head) / 8:
                return "utf-16-le" if odd > even else "utf-16-be"
        decoder = codecs.getincrementaldecoder("utf-8")("surrogateescape")
        good = bad = read = 0
        odd_lines: list[bytes] = []
        chunk = head
        while chunk and read < _MOST:
            read += len(chunk)
            if not chunk.isascii():
                text = decoder.decode(chunk)
                wide = sum(1 for character in text if ord(character) >= _ASCII)
                broken = sum(1 for character in text if "\udc80" <= character <= "\udcff")
                good, bad = good + wide - broken, bad + broken
                if broken and sum(map(len, odd_lines)) < _SAMPLE:
                    odd_lines += [line for line in chunk.splitlines(keepends=True) if not line.isascii()]
            chunk = file.read(_CHUNK)
    # Few invalid bytes among many valid ones: damaged UTF-8, whose records are quarantined.
    if not bad or good > 4 * bad:
        return "utf-8"
    return _code_page(b"".join(odd_lines)[:_SAMPLE])


def _code_page(sample: bytes) -> str:
    matches = from_bytes(sample, cp_isolation=_CODE_PAGES, threshold=0.9, preemptive_behaviour=False)
    # A match stands for all code pages that give the same text. Of equally plausible ones, the most common.
    chaos = {name: round(match.chaos, 1) for match in matches for name in match.could_be_from_charset}
    found = min(
        (name for name in _CODE_PAGES if name in chaos),
        key=lambda name: (_misplaced(sample, name), chaos[name]),
        default="cp1252",
    )
    try:
        sample.decode(found)
    except UnicodeDecodeError:
        return "latin-1"
    return found


def _misplaced(sample: bytes, encoding: str) -> int:
    """Scores implausible letters: signs and capitals in words ("K‰the", "KŠthe"), runs of accents, mixed scripts."""
    text = f" {sample.decode(encoding, 'replace')} "
    odd = 0
    for before, character, after in zip(text, text[1:], text[2:], strict=False):
        if ord(character) < _ASCII:
            continue
        if before.isalpha():
            is_capital_within = character.isupper() and (before.islower() or after.islower())
            odd += is_capital_within or (encoding in _LATIN and ord(before) >= _ASCII)
        odd += not character.isalpha() and (before.isalpha() or after.isalpha())
        if encoding not in _LATIN:
            odd += 2 * sum(neighbour.isascii() and neighbour.isalpha() for neighbour in (before, after))
    return odd
