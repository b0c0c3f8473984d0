"""Draft of a reading: the columns of an export, those taken so far, and the open questions.

Belongs here: choosing between columns of one meaning, converting them, and recording the results. Does not: the columns
that a table should have (`account_figures`, `post_columns`, `reading`).
"""

import polars as pl

from assets.inference.cells import Column, share_of
from assets.inference.header_semantics import Meaning, meaning_of
from assets.inference.identity import Taken
from assets.inference.numbers import Evaluator, Numbers
from assets.inference.proposal import Certainty, Question
from schemas.quoting import identifier
from schemas.shape import Shape

HOLDS = 0.9
_ONCE = 0.7


class Draft:
    """An export whose reading is in progress."""

    def __init__(self, frame: pl.DataFrame, layout: Shape, platform: str | None, names: tuple[str, ...]) -> None:
        """Accepts the arguments of `reading.propose`."""
        self.frame = frame
        self.layout = layout
        self.columns = [Column(name, frame[name]) for name in frame.columns]
        self.by_name = {column.name: column for column in self.columns}
        self.meanings: dict[str, Meaning] = {column.name: meaning_of(column) for column in self.columns}
        self.numbers = Numbers(self.columns)
        self._evaluator = Evaluator(frame, self.numbers.shape()) if self.columns else None
        self.names = names
        self.declared = platform
        self.platform = ""
        self.taken: list[Taken] = []
        self.aside: dict[str, tuple[Certainty, str]] = {}
        self.questions: list[Question] = []
        self.checks: list[str] = []
        self.contradicted: dict[str, str] = {}
        self.values: dict[str, pl.Series] = {}
        self.is_nested = False

    def named(self, *meanings: str) -> list[Column]:
        """Returns the columns with these meanings, of the platform or of none."""
        found = [column for column in self.columns if self.meanings[column.name].name in meanings]
        if self.platform:
            found = [column for column in found if not column.header.platforms - {self.platform}]
        return found

    @property
    def repeats_accounts(self) -> bool:
        """Returns whether accounts have several records each: per post, or per day."""
        taken = next((taken for taken in self.taken if taken.canonical in ("handle", "profile_id")), None)
        return taken is not None and taken.column.distinct < _ONCE

    def choice(self, meaning: str, *, asks: bool = True, of_actor: bool = True) -> Column | None:
        """Returns the column with a meaning; of several, the most explicit, after a comparison with the others."""
        found = [column for column in self.named(meaning) if column.name not in self.aside]
        found = [column for column in found if of_actor or not column.header.of_actor] or found
        if not found:
            return None
        first = [column for column in found if not self.meanings[column.name].second] or found
        for column in found:
            if column not in first:
                self.aside[column.name] = ("aside", f"{first[0].name!r} says it better")
        # "likes" before "reel likes".
        plainest = min(_extra_words(column) for column in first)
        plain = [column for column in first if _extra_words(column) == plainest]
        if plain[0].filled >= 0.5:
            for column in first:
                if column not in plain:
                    self.aside[column.name] = ("aside", f"{plain[0].name!r} says it more plainly")
            first = plain
        if len(first) == 1:
            return first[0]
        return self.twin(first, meaning, asks=asks)

    def twin(self, columns: list[Column], meaning: str, *, asks: bool) -> Column | None:
        """Compares columns of equal meaning; returns the one with the most digits."""
        if self.platform:
            own = [column for column in columns if column.header.platforms == {self.platform}]
            bare = [column for column in columns if not column.header.platforms]
            if own and bare:
                columns = own
                if len(columns) == 1:
                    return columns[0]
        converted: dict[str, pl.Series] = {}
        for column in columns:
            expression = self.numbers.expression(column, "number_of", is_whole=False)
            if isinstance(expression, str):
                if column.has_percent_sign:
                    expression = expression.replace("number_of(", "100 * ratio_of(").replace(")", ", 'percent')", 1)
                converted[column.name] = self.evaluate(expression)
        readable = [column for column in columns if column.name in converted]
        if not readable:
            self.ask(columns[0], "several columns say it, and none can be read", ())
            return None
        best = min(
            readable, key=lambda column: (column.precision.median() or 0, column.has_percent_sign, -column.filled)
        )
        for column in readable:
            if column is best:
                continue
            agrees = _rounded_agreement(converted[best.name], converted[column.name], column.precision)
            if agrees >= HOLDS:
                self.aside[column.name] = ("aside", f"says the same as {best.name!r} in {agrees:.1%} of rows")
                self.checks.append(f"{column.name!r} and {best.name!r} agree in {agrees:.1%} of rows")
            elif not asks:
                self.aside |= {other.name: ("aside", f"not the only column of {meaning}") for other in columns}
                return None
            else:
                if any(question.about == "platform" for question in self.questions):
                    # Its answer may distinguish them.
                    self.aside |= {other.name: ("ambiguous", f"{meaning} of which platform?") for other in columns}
                    return None
                names = " and ".join(repr(other.name) for other in columns)
                self.ask(
                    best,
                    f"{names} both say {meaning}, and agree in {agrees:.0%} of rows only",
                    tuple(f"number_of({identifier(other.name)})" for other in columns),
                )
                return None
        return best

    def convert(self, column: Column, macro: str, *, is_whole: bool, asks: bool = True) -> str | None:
        """Returns the SQL that converts a column, or None and records a question."""
        told = self.numbers.expression(column, macro, is_whole=is_whole)
        if isinstance(told, str):
            return told
        if asks:
            self.questions.append(told)
        self.aside[column.name] = ("ambiguous" if asks else "aside", told.text)
        return None

    def evaluate(self, expression: str) -> pl.Series:
        """Evaluates a conversion to numbers."""
        assert self._evaluator is not None  # noqa: S101 - there are columns
        return self._evaluator.values(expression)

    def texts(self, expression: str) -> pl.Series:
        """Evaluates a conversion to texts."""
        assert self._evaluator is not None  # noqa: S101 - there are columns
        return self._evaluator.texts(expression)

    def value(self, key: str, expression: str) -> pl.Series:
        """Evaluates a conversion to numbers, cached under a key."""
        self.values[key] = self.evaluate(expression)
        return self.values[key]

    def take(
        self,
        column: Column,
        canonical: str,
        expression: str,
        *,
        certainty: Certainty = "sure",
        why: str = "header",
        also: tuple[str, ...] = (),
    ) -> None:
        """Assigns a column to a canonical one."""
        self.taken.append(Taken(column, canonical, certainty, why, expression, also))

    def ask(self, column: Column, text: str, choices: tuple[str, ...]) -> None:
        """Records a question about a column."""
        self.questions.append(Question(column.name, text, choices))
        self.aside[column.name] = ("ambiguous", text)


def _extra_words(column: Column) -> int:
    return len(column.header.concepts - {"count", "total"}) + len(column.header.unknown) + column.name.count(".")


def _rounded_agreement(precise: pl.Series, rounded: pl.Series, precision: pl.Series) -> float:
    """Returns the share of rows in which one column is the other, rounded or cut to its shown digits."""
    rows = pl.DataFrame({"a": precise, "b": rounded, "p": precision}).drop_nulls()
    if rows.is_empty():
        return 0.0
    return share_of((rows["a"] - rows["b"]).abs() <= rows["p"] * 1.01 + rows["b"].abs() * 1e-3)
