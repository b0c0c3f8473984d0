"""The output of `smallvoices erase`: the person, the rows to erase, and the search result.

Belongs here: texts. Does not: erasing (`pipelines/forget`).
"""

from typing import Any

from rich.console import Console
from rich.markup import escape

from pipelines.forget.erasing import Erased
from pipelines.forget.forgetting import ErasureResult
from pipelines.forget.person import Person
from pipelines.instance.terminal import printable

_LISTED = 30


def print_seen(console: Console, person: Person, seen: Erased) -> None:
    """Prints the person and the data that would be erased."""
    say = _sayer(console)
    ids, handles = (", ".join(map(printable, sorted(names))) or "none" for names in (person.ids, person.handles))
    say(f"{person.platform}: ids {ids}; handles {handles}")
    for handle, day in sorted(person.elsewhere)[:_LISTED]:
        say(f"  {printable(handle)} was another account's on {day}: those records stay")
    say(f"{sum(seen.tombstones.values()):,} records in {len(seen.tombstones):,} landed files")
    for path, count in list(seen.tombstones.items())[:_LISTED]:
        say(f"  {count:,} in {printable(path)}")
    if len(seen.tombstones) > _LISTED:
        say(f"  and {len(seen.tombstones) - _LISTED:,} files more")
    for path in seen.emptied:
        say(f"  {printable(path)}, which is no export, wholly")
    say(
        f"{sum(seen.lake.values()):,} rows of the lake: "
        + (", ".join(f"{n:,} {t}" for t, n in seen.lake.items()) or "none")
    )
    say(f"{len(seen.days):,} dates to compute anew, and one publish; every generation but the new one goes")
    for sentence in seen.left:
        say(f"Cannot be erased: {printable(sentence)}")


def print_erased(console: Console, done: ErasureResult) -> None:
    """Prints the scope and the result of the search."""
    say, proof = _sayer(console), done.proof
    say(
        f"Emptied {sum(done.erased.tombstones.values()):,} records in {len(done.erased.tombstones):,} landed files, "
        f"took out {sum(done.erased.lake.values()):,} rows of the lake, blotted out {done.blotted:,} texts of Dagster's"
    )
    say(
        f"Searched {proof.files:,} files, {proof.bytes:,} bytes, decompressed: "
        f"found {sum(proof.found.values()):,} times"
    )
    for path, count in proof.found.items():
        say(f"  still {count:,} times in {printable(path)}")
    for path, reason in proof.closed.items():
        say(f"  could not open {printable(path)}: {printable(reason)}")
    for sentence in done.erased.left:
        say(f"  not erased: {printable(sentence)}")
    if proof.mentions:
        say(
            f"Other people's records name the account {sum(proof.mentions.values()):,} times in "
            f"{len(proof.mentions):,} files, as in a caption with @handle: that is their content, and stays"
        )
    say("Kept: salted hashes of the ids and handles, by which later pulls leave this person out and count it")
    say("Not covered: backups, copies that readers have made, accounts of the same person on other platforms")


def as_document(person: Person, erased: Erased, done: ErasureResult | None) -> dict[str, Any]:
    """Returns the same as a document for programs."""
    document: dict[str, Any] = {
        "platform": person.platform,
        "ids": sorted(person.ids),
        "handles": sorted(person.handles),
        "tombstones": erased.tombstones,
        "emptied": list(erased.emptied),
        "lake": erased.lake,
        "dates": list(map(str, erased.days)),
        "left": list(erased.left),
    }
    if done:
        proof = done.proof
        document |= {
            "blotted": done.blotted,
            "searched_files": proof.files,
            "searched_bytes": proof.bytes,
            "found": proof.found,
            "mentions": proof.mentions,
            "not_opened": proof.closed,
        }
    return document


def _sayer(console: Console) -> Any:  # noqa: ANN401 - a partial of print
    return lambda words: console.print(escape(words), soft_wrap=True)
