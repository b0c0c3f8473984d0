"""Conversion of columns of figures: separators, units and surrounding text, as SQL.

Belongs here: the decimal and thousands separators of each column, decided by all its cells and, if they are ambiguous,
by the other columns of the file. Does not: the meaning of a column.
"""

from collections import Counter
from collections.abc import Iterable

import duckdb
import polars as pl

from assets.inference.cells import Column
from assets.inference.proposal import Question
from schemas.quoting import identifier, literal
from schemas.shape import Shape
from schemas.validation import UNREADABLE_NUMBER

_UNITS = {1e3: "thousands", 1e6: "millions", 1e9: "billions"}
# Units that the macros do not know.
_POWERS = {1e4: "e4", 1e5: "e5", 1e7: "e7"}
_FRACTIONS = r"[.,]\d*[1-9]\d*$"
_SUFFIXED = 0.9
_SAY_MIL = {"es", "pt"}
# Fewer are broken records, which the import refuses.
_FEW_FRACTIONS = 0.1


class Numbers:
    """The columns of figures of one export."""

    def __init__(self, columns: Iterable[Column]) -> None:
        """Decides the separators of most columns."""
        figures = [column for column in columns if column.is_number and not column.marks.conflict]
        decimals = Counter(column.marks.decimal for column in figures if column.marks.decimal)
        self.proven: str | None = decimals.most_common(1)[0][0] if decimals else None
        self.decimal = self.proven or "."
        thousands = Counter(
            mark
            for column in figures
            if (mark := column.marks.thousands or self._open_as_thousands(column)) and mark != self.decimal
        )
        self.thousands: str = thousands.most_common(1)[0][0] if thousands else ""
        if not decimals and self.thousands == ".":
            self.decimal = ","

    def _open_as_thousands(self, column: Column) -> str:
        mark = column.marks.open
        return mark if mark and mark != self.proven and (self.proven or column.header.says_any("followers")) else ""

    def expression(self, column: Column, macro: str, *, is_whole: bool, unit: str = "") -> str | Question:
        """Returns the SQL that converts a column.

        Args:
            column: The column.
            macro: `count_of`, `number_of`, `likes_of` or `ratio_of`.
            is_whole: Whether its figures count things, so that none has a fraction.
            unit: For ratios, `fraction` or `percent`.

        Returns:
            The SQL, or the question whose answer it needs.
        """
        marks, name = column.marks, identifier(column.name)
        if marks.conflict:
            return self._asked(column, macro, "its cells contradict each other about the decimal mark")
        decimal = marks.decimal or self.decimal
        thousands = marks.thousands
        if marks.open:
            if is_whole and not column.has_suffix and column.header.scale == 1:
                if column.has_long_ungrouped or marks.open == self.proven:
                    return self._asked(column, macro, f"{marks.open!r} may stand before decimals or between thousands")
                thousands = marks.open
            elif self.proven:
                thousands = "" if marks.open == self.proven else marks.open
            else:
                return self._asked(column, macro, f"{marks.open!r} stands before three digits in every cell")
        decimal = decimal if decimal != thousands else ("," if thousands == "." else ".")
        scale = _UNITS.get(column.header.scale, "")
        if scale and column.has_suffix:
            if column.has_suffix < _SUFFIXED:
                return self._asked(column, macro, f"its header says {scale}, and only some cells say K, M or B")
            scale = ""
        power = "" if column.has_suffix else _POWERS.get(column.header.scale, "")
        if is_whole and not scale and not power and self._has_fractions(column):
            return Question(
                column.name,
                "counts with fractions: its unit is not said",
                tuple(f"{macro}({name}, '{word}')" for word in _UNITS.values()),
            )
        inner = name
        if marks.lakhs:
            inner, thousands = f"replace({name}, ',', '')", ""
        if column.says_mil:
            if not column.header.languages & _SAY_MIL:
                return Question(
                    column.name,
                    "'mil' is a thousand in Spanish and Portuguese, and a million to others",
                    tuple(f"{macro}(bare_of({_without_mil(name, letter)}))" for letter in "KM"),
                )
            inner = _without_mil(inner, "K")
        if column.is_wrapped:
            inner = f"bare_of({inner})"
        if power:
            inner = f"CASE WHEN NOT is_blank({inner}) THEN text_of({inner}) || {literal(power)} END"
        arguments = [inner]
        if unit or scale:
            arguments.append(literal(unit or scale))
        uses_marks = bool(marks.decimal or thousands)
        if uses_marks and ((decimal, thousands) != (self.decimal, thousands and self.thousands)):
            arguments += [literal(decimal), literal(thousands)]
        return f"{macro}({', '.join(arguments)})"

    @staticmethod
    def _has_fractions(column: Column) -> bool:
        return not column.has_suffix and column.marks.decimal is not None and column.share(_FRACTIONS) > _FEW_FRACTIONS

    def _asked(self, column: Column, macro: str, why: str) -> Question:
        name = identifier(column.name)
        return Question(column.name, why, (f"{macro}({name}, '.', ',')", f"{macro}({name}, ',', '.')"))

    def shape(self) -> Shape:
        """Returns a shape with these separators, for `evaluate`."""
        return Shape(name="auto", description="", decimal=self.decimal, thousands=self.thousands)


def _without_mil(sql: str, letter: str) -> str:
    return rf"regexp_replace({sql}, '(\d)\s*mil\b\.?', '\1{letter}', 'i')"


class Evaluator:
    """Runs conversions over all records of an export, with the macros of the import."""

    def __init__(self, frame: pl.DataFrame, shape: Shape) -> None:
        """Takes the export, all columns text, and the shape with its separators."""
        self._connection = duckdb.connect(":memory:", config={"threads": 1, "enable_external_access": False})
        self._connection.execute(shape.macros())
        self._connection.register("records", frame.to_arrow())

    def values(self, expression: str) -> pl.Series:
        """Returns the numbers of a conversion, per record; null for blank or unreadable cells."""
        frame: pl.DataFrame = self._connection.sql(
            f"SELECT CASE WHEN x > {UNREADABLE_NUMBER / 2} THEN CAST(x AS DOUBLE) END AS x "
            f"FROM (SELECT {expression} AS x FROM records)"
        ).pl()
        return frame["x"]

    def texts(self, expression: str) -> pl.Series:
        """Returns the texts of a conversion, per record."""
        frame: pl.DataFrame = self._connection.sql(f"SELECT CAST({expression} AS VARCHAR) AS x FROM records").pl()
        return frame["x"]
