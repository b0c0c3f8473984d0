"""One way of parsing, in its own process: `python -m benchmarks.shapes.parsing EXPORT WAY DIRECTORY SCRATCH`."""

import re
import sys
import time
from pathlib import Path

from assets.reading.text_columns import open_columns
from assets.storage.engine import connect
from schemas.quoting import literal
from schemas.settings import Settings
from schemas.shape import Shape
from schemas.shape_file import load

FILES = {"lines": "posts.ndjson", "pages": "pages.ndjson"}
# The columns of the exports; a shape fills all others with nulls.
COLUMNS = "platform, profile_id, post_id, posted_at, kind, caption, likes, comments"
PAGES = Shape.model_validate(
    {
        "name": "pages",
        "description": "Answers of an API, a page a line.",
        "format": "json",
        "posts": {
            "records": "data.items",
            "columns": ["id", "snippet.channelId", "snippet.publishedAt", "statistics.likeCount"],
            "optional": ["snippet.platform", "snippet.kind", "snippet.title", "statistics.commentCount"],
            "select": {
                "platform": 'platform_of("snippet.platform")',
                "profile_id": 'text_of("snippet.channelId")',
                "post_id": "text_of(id)",
                "posted_at": 'time_of("snippet.publishedAt")',
                "kind": 'text_of("snippet.kind")',
                "caption": 'text_of("snippet.title")',
                "likes": 'likes_of("statistics.likeCount")',
                "comments": 'count_of("statistics.commentCount")',
            },
        },
    }
)


def main(export: str, way: str, directory: Path, scratch: Path) -> None:
    """Parses an export to Parquet, and prints wall and processor seconds."""
    file = directory / FILES[export]
    # A nightly run loads its shapes once.
    shape = PAGES if export == "pages" else load("smallvoices", Path())
    with connect(Settings(home=scratch, sources_file=Path()), directory, scratch) as connection:
        wall, used = time.monotonic(), time.process_time()
        if way == "shape":
            connection.execute(shape.macros())
            text = open_columns(connection, file, shape, shape.read_columns("posts"), exact=False)
            select = f"SELECT {COLUMNS} FROM ({shape.query('posts', text.relation, None, numbered=text.numbered)})"
        else:
            written = (Path(__file__).parent / "by_hand.sql").read_text(encoding="utf-8")
            marker = f"-- {export}, {way.removeprefix('by hand, ')}\n"
            select = re.split(r";\n", written.partition(marker)[2])[0].replace("$file", literal(file))
        target = scratch / "posts.parquet"
        connection.execute(f"COPY ({select}) TO {literal(target)} (FORMAT parquet)")
        print(time.monotonic() - wall, time.process_time() - used)


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], Path(sys.argv[3]), Path(sys.argv[4]))
