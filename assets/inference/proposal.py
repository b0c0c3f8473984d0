"""Result of inference: a shape, the meaning of each column, and the open questions.

Belongs here: plain data classes. Does not: deciding, or printing.
"""

from dataclasses import dataclass, field
from typing import Literal

from schemas.shape import Shape

Certainty = Literal["sure", "likely", "ambiguous", "aside"]


@dataclass(frozen=True)
class ColumnReading:
    """The meaning assigned to a column.

    Attributes:
        column: Its name, as the reader names it.
        taken_for: The canonical column, with `posts.` before those of posts; "" if it is ignored.
        certainty: The confidence in it.
        why: The evidence for it, or the reason to ignore it.
        sample: Its first cells.
    """

    column: str
    taken_for: str
    certainty: Certainty
    why: str
    sample: str


@dataclass(frozen=True)
class Question:
    """A question that requires knowledge of the export.

    Attributes:
        about: The column or the thing.
        text: The readings, and why they are ambiguous.
        choices: Lines of a shape file or of sources.yaml, one of which is the answer.
    """

    about: str
    text: str
    choices: tuple[str, ...]


@dataclass
class Proposal:
    """A proposed reading of an export.

    Attributes:
        shape: The shape; where there are questions, without the columns that they are about. None where the export
            cannot be read at all.
        columns: The meaning of each column, in the order of the file.
        questions: The ambiguous parts. They must be answered before an import.
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
        """Returns whether no question is open."""
        return self.shape is not None and not self.questions
