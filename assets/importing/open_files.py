"""Landed files, each with the shape that reads it.

Belongs here: unpacking archives, and for `shape: auto` one inferred shape for all similar files of a pull. Does not:
inference itself (`assets/inference/inference`), or the import.
"""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

from assets.inference.inference import Inferred, infer
from assets.inference.proposal import Proposal
from assets.landing.store import LandedFile
from assets.reading import archives
from assets.reading.formats import UnreadableFileError, container_of
from assets.storage import atomic_write
from schemas.config.source import Source
from schemas.settings import Settings
from schemas.shape import AUTO, Records, Selection, Shape

# Of a pull of very many pages, this many are read to infer the shape of all.
_MOST_INFERRED = 20


@dataclass(frozen=True)
class LandedPart:
    """A file ready to be read.

    Attributes:
        file: The landed file; for a member of an archive, with its name after the archive's.
        path: The file itself, unpacked.
        shape: Its shape.
    """

    file: LandedFile
    path: Path
    shape: Shape
    is_inferred: bool = False

    def platform(self, source: Source) -> str | None:
        """Returns the declared platform; None for an inferred shape that includes it."""
        return (
            None
            if self.is_inferred and "platform" in self.shape.filled("profiles" if self.shape.profiles else "posts")
            else source.platform
        )

    def holds(self, records: Records) -> bool:
        """Returns whether this kind of record is read from the file."""
        if self.shape.selection(records) is None:
            return False
        # The records of an inferred shape were detected in the file; a declared shape depends on the address.
        return self.is_inferred or self.file.records == self.shape.file_of(records)


@contextmanager
def open_files(
    settings: Settings, source: Source, shape: Shape, files: Sequence[LandedFile], room: int | None = None
) -> Iterator[tuple[list[LandedPart], str]]:
    """Opens the files of a pull; unpacked files are deleted when the block ends.

    Args:
        settings: Settings with the landing folder, and the folder to unpack archives in.
        source: The source.
        shape: Its shape; `auto` stands for one to be inferred.
        files: The landed files.
        room: Bytes that its archives may take unpacked; `SMALLVOICES_TEMP_LIMIT` unless given.

    Yields:
        The files, and for `auto` how they are read, in words.

    Raises:
        UnreadableFileError: An archive is broken, or inference is ambiguous.
    """
    left = settings.temp_bytes if room is None else room
    parts: list[LandedPart] = []
    with ExitStack() as unpacked:
        for file in files:
            path = settings.landing / file.path
            if container_of(path) != "zip":
                parts.append(LandedPart(file, path, shape))
                continue
            folder = unpacked.enter_context(atomic_write.temp_dir(settings.scratch))
            members = [
                LandedPart(_member(file, name, member), member, shape)
                for name, member in archives.members(path, folder, source.limits, left)
            ]
            left -= sum(member.file.bytes for member in members)
            parts += members
        yield (parts, "") if shape.name != AUTO else _inferred(source, parts)


def _member(archive: LandedFile, name: str, member: Path) -> LandedFile:
    return replace(
        archive,
        path=f"{archive.path}/{name}",
        bytes=member.stat().st_size,
        tombstones=tuple(each for each in archive.tombstones if each.member == name),
    )


def _inferred(source: Source, parts: Sequence[LandedPart]) -> tuple[list[LandedPart], str]:
    """Returns every part with its inferred shape; similar parts share one."""
    largest = sorted(parts, key=lambda part: (-part.file.bytes, part.file.path))[:_MOST_INFERRED]
    told: dict[str, Inferred] = {part.file.path: _infer(source, part) for part in largest}
    alike: dict[tuple[object, ...], dict[str, Inferred]] = {}
    for part in largest:
        path = part.file.path
        alike.setdefault(_kind(part, told[path]), {})[path] = told[path]
    shapes = {kind: _merged(group) for kind, group in alike.items()}
    opened = []
    for part in parts:
        inferred = told.get(part.file.path) or _infer(source, part)
        shape = shapes.get(_kind(part, inferred)) or _merged({part.file.path: inferred})
        opened.append(replace(part, shape=shape, is_inferred=True))
    if not any(part.shape.profiles for part in opened):
        raise UnreadableFileError(f"none of its files has profiles; {_remedy(parts[0].file.path)}")
    return opened, "; ".join(dict.fromkeys(_words(next(iter(group.values())).proposal) for group in alike.values()))


def _infer(source: Source, part: LandedPart) -> Inferred:
    folder = Path(source.url).parent.name
    names = tuple(name for name in (Path(part.file.path).stem, folder, source.name) if name)
    try:
        return infer(part.path, platform=source.platform, names=names, limits=source.limits)
    except UnreadableFileError as error:
        raise UnreadableFileError(str(error).replace(part.path.name, Path(part.file.path).name)) from error


def _kind(part: LandedPart, inferred: Inferred) -> tuple[object, ...]:
    """Returns the key of files that are read alike: their address and their form."""
    shape = inferred.proposal.shape
    if shape is None:
        return (part.file.records, "none")
    if shape.format in ("json", "ndjson"):
        return (
            part.file.records,
            "json",
            *(selection and (selection.records, selection.nested) for selection in (shape.profiles, shape.posts)),
        )
    return (part.file.records, shape.format, *sorted(column.column for column in inferred.proposal.columns))


def _merged(group: Mapping[str, Inferred]) -> Shape:
    """Merges the shapes of similar files into one.

    Raises:
        UnreadableFileError: None of them is clear, or they contradict each other.
    """
    decided = [inferred.proposal.shape for inferred in group.values() if inferred.proposal.is_decided]
    if not decided or decided[0] is None:
        path, inferred = next(iter(group.items()))
        asked = "; ".join(f"{question.about}: {question.text}" for question in inferred.proposal.questions[:5])
        stop = "" if asked.endswith("?") else "."
        raise UnreadableFileError(f"how {Path(path).name} is to be read is not clear. {asked}{stop} {_remedy(path)}")
    merged = decided[0]
    for other in decided[1:]:
        if other is not None:
            merged = _joined(merged, other)
    return merged


def _joined(first: Shape, second: Shape) -> Shape:
    def join(one: Selection | None, other: Selection | None) -> Selection | None:
        if one is None or other is None:
            return one or other
        for name in one.select.keys() & other.select.keys():
            if one.select[name] != other.select[name]:
                raise UnreadableFileError(
                    f"files of one pull are written differently: {name} is {one.select[name]} in one and "
                    f"{other.select[name]} in another. {_remedy(None)}"
                )
        columns = list(dict.fromkeys([*one.columns, *other.columns]))
        optional = [name for name in dict.fromkeys([*one.optional, *other.optional]) if name not in columns]
        return one.model_copy(update={"columns": columns, "optional": optional, "select": other.select | one.select})

    if first.decimal != second.decimal or (
        first.thousands and second.thousands and first.thousands != second.thousands
    ):
        raise UnreadableFileError(f"files of one pull have different decimal marks. {_remedy(None)}")
    return first.model_copy(
        update={
            "profiles": join(first.profiles, second.profiles),
            "posts": join(first.posts, second.posts),
            "thousands": first.thousands or second.thousands,
        }
    )


def _remedy(path: str | None) -> str:
    file = Path(path).name if path else "FILE"
    return f"Run `smallvoices inspect {file} --save-shape NAME`, answer what it asks, and set shape: NAME"


def _words(proposal: Proposal) -> str:
    taken = [f"{column.taken_for} from {column.column!r}" for column in proposal.columns if column.taken_for in _TOLD]
    likely = [column.column for column in proposal.columns if column.certainty == "likely"]
    return ", ".join(taken) + (f" (likely, not proven: {', '.join(map(repr, likely))})" if likely else "")


_TOLD = (
    "platform", "handle", "profile_id", "followers", "avg_likes", "avg_comments", "avg_engagement",
    "reported_engagement_ratio", "posts.likes", "posts.comments",
)  # fmt: skip
