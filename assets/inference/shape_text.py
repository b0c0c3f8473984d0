"""Text of a shape file for a proposed shape.

Belongs here: YAML, with the open questions as comments. Does not: where the file is stored.
"""

import yaml

from assets.inference.proposal import Proposal
from schemas.shape import Selection, Shape

_WIDTH = 110


def shape_text(proposal: Proposal, description: str) -> str:
    """Formats the text of a shape file.

    Args:
        proposal: The inferred shape.
        description: The origin of such an export.

    Returns:
        YAML that `schemas.shape_file.load` reads. Questions stand in front as comments, each with the lines that could
        answer it.
    """
    lines = []
    for question in proposal.questions:
        lines.append(f"# UNDECIDED, {question.about}: {question.text}")
        lines += [f"#   {choice}" for choice in question.choices]
    shape = proposal.shape
    document = {"description": description} | (_document(shape) if shape else {})
    lines.append(yaml.safe_dump(document, sort_keys=False, allow_unicode=True, width=_WIDTH))
    return "\n".join(lines)


def _document(shape: Shape) -> dict[str, object]:
    keys = ("format", "delimiter", "encoding", "header_line", "sheet", "decimal", "thousands", "date_order", "platform")
    found: dict[str, object] = {
        key: value
        for key in keys
        if (value := getattr(shape, key)) is not None and value != Shape.model_fields[key].default
    }
    for records in ("profiles", "posts"):
        selection = shape.selection(records)
        if selection is not None:
            found[records] = _selection(selection)
    return found


def _selection(selection: Selection) -> dict[str, object]:
    return {
        key: value
        for key, value in selection.model_dump().items()
        if value != Selection.model_fields[key].default or key == "columns"
    }
