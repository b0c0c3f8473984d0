"""Spreadsheet of text with deterministic bytes.

Belongs here: the few files that an XLSX consists of. Libraries add the current time.
"""

import re
import zipfile
from collections.abc import Mapping, Sequence
from html import escape
from typing import IO

_MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
_RELATIONS = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
_PACKAGE = "http://schemas.openxmlformats.org/package/2006"
_WORD = "application/vnd.openxmlformats-officedocument.spreadsheetml"
_LETTERS = 26
# Characters that XML cannot hold, and text that would be read as an escape.
_ESCAPED = re.compile(r"_(?=x[0-9A-Fa-f]{4}_)|[\x00-\x08\x0b-\x1f\ufffe\uffff\ud800-\udfff]")


def write(out: IO[bytes], sheets: Mapping[str, Sequence[tuple[int, Sequence[str]]]]) -> None:
    """Writes sheets of text.

    Args:
        out: The output file.
        sheets: Name of the sheet to its rows: (row number from 1, cells); an empty cell is left out.
    """
    numbers = range(1, len(sheets) + 1)
    parts = "".join(_override(f"/xl/worksheets/sheet{n}.xml", f"{_WORD}.worksheet+xml") for n in numbers)
    kinds = (
        f'<Types xmlns="{_PACKAGE}/content-types">'
        f'<Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
        f"{_override('/xl/workbook.xml', f'{_WORD}.sheet.main+xml')}{parts}</Types>"
    )
    listed = "".join(
        f'<sheet name="{escape(name)}" sheetId="{n}" r:id="rId{n}"/>' for n, name in zip(numbers, sheets, strict=True)
    )
    files = {
        "[Content_Types].xml": kinds,
        "_rels/.rels": _relations({1: ("officeDocument", "xl/workbook.xml")}),
        "xl/workbook.xml": f'<workbook xmlns="{_MAIN}" xmlns:r="{_RELATIONS}"><sheets>{listed}</sheets></workbook>',
        "xl/_rels/workbook.xml.rels": _relations({n: ("worksheet", f"worksheets/sheet{n}.xml") for n in numbers}),
    } | {f"xl/worksheets/sheet{n}.xml": _sheet(rows) for n, rows in zip(numbers, sheets.values(), strict=True)}
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files.items():
            # An entry of this kind always has the same time.
            archive.writestr(zipfile.ZipInfo(name), f'<?xml version="1.0" encoding="UTF-8"?>\n{content}')


def _override(part: str, kind: str) -> str:
    return f'<Override PartName="{part}" ContentType="{kind}"/>'


def _relations(targets: Mapping[int, tuple[str, str]]) -> str:
    found = "".join(
        f'<Relationship Id="rId{n}" Type="{_RELATIONS}/{kind}" Target="{target}"/>'
        for n, (kind, target) in targets.items()
    )
    return f'<Relationships xmlns="{_PACKAGE}/relationships">{found}</Relationships>'


def _sheet(rows: Sequence[tuple[int, Sequence[str]]]) -> str:
    written = "".join(
        f'<row r="{number}">'
        + "".join(
            f'<c r="{_letters(place)}{number}" t="inlineStr"><is><t xml:space="preserve">{_text(cell)}</t></is></c>'
            for place, cell in enumerate(cells)
            if cell
        )
        + "</row>"
        for number, cells in rows
    )
    return f'<worksheet xmlns="{_MAIN}"><sheetData>{written}</sheetData></worksheet>'


def _text(cell: str) -> str:
    return escape(_ESCAPED.sub(lambda found: f"_x{ord(found[0]):04X}_", cell), quote=False)


def _letters(place: int) -> str:
    name = ""
    place += 1
    while place:
        place, letter = divmod(place - 1, _LETTERS)
        name = chr(ord("A") + letter) + name
    return name
