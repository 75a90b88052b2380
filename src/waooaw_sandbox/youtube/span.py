"""The Content-Range header of an upload, read (contract youtube 3.2)."""

import re
from dataclasses import dataclass


@dataclass(frozen=True)
class Span:
    """A Content-Range: bytes `first` to `last` of `total`, which may be unknown. A query has no bytes."""

    first: int
    last: int
    total: int | None
    query: bool = False


def span_of(header: str | None, length: int) -> Span | None:
    """None where the header cannot be parsed; without one the body is the whole file."""
    if header is None:
        return Span(0, length - 1, length)
    asked = re.fullmatch(r"bytes \*/(\d+|\*)", header.strip())
    if asked:
        return Span(0, -1, None if asked[1] == "*" else int(asked[1]), query=True)
    given = re.fullmatch(r"bytes (\d+)-(\d+)/(\d+|\*)", header.strip())
    if given is None or int(given[1]) > int(given[2]):
        return None
    return Span(int(given[1]), int(given[2]), None if given[3] == "*" else int(given[3]))
