"""What inference gives: a shape, what each column was taken for, and what it could not decide.

Belongs here: plain values. Does not: deciding, or printing.
"""

from dataclasses import dataclass, field
from typing import Literal

from schemas.shape import Shape

Certainty = Literal["sure", "likely", "ambiguous", "aside"]


@dataclass(frozen=True)
class ColumnReading:
    """What a column was taken for.

    Attributes:
        column: Its name, as the reader names it.
        taken_for: The canonical column, with `posts.` before those of posts; "" where it was left aside.
        certainty: How sure that is.
        why: What speaks for it, or why it was left aside.
        sample: Its first cells.
    """

    column: str
    taken_for: str
    certainty: Certainty
    why: str
    sample: str


@dataclass(frozen=True)
class Question:
    """Something that only whoever knows the export can say.

    Attributes:
        about: The column or the thing.
        text: What the readings are, and why neither is clear.
        choices: Lines of a shape file or of sources.yaml, one of which answers.
    """

    about: str
    text: str
    choices: tuple[str, ...]


@dataclass
class Proposal:
    """How an export is to be read.

    Attributes:
        shape: The shape; where there are questions, without the columns that they are about. None where the export
            cannot be read at all.
        columns: What each column was taken for, in the order of the file.
        questions: What is ambiguous. Nothing may be imported before they are answered.
        checks: Arithmetic over the figures that was tried, in words.
        fits: The shipped shape that fits, or "".
        contradicted: Canonical column to the column of the file that other records show not to be it.
    """

    shape: Shape | None
    columns: list[ColumnReading] = field(default_factory=list)
    questions: list[Question] = field(default_factory=list)
    checks: list[str] = field(default_factory=list)
    fits: str = ""
    contradicted: dict[str, str] = field(default_factory=dict)

    @property
    def is_decided(self) -> bool:
        """Whether it may be imported."""
        return self.shape is not None and not self.questions
