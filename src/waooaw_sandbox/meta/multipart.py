"""Bodies of every kind as one set of names and values: query, form, JSON and multipart, merged (contract meta A3).

Files of a multipart body go to disk while they arrive. The small splitter here exists because a body may have been peeked into, or
buffered by a fault, before it is read.
"""

import json
import re
from collections.abc import AsyncIterator
from dataclasses import dataclass
from email.message import Message
from io import BufferedWriter
from pathlib import Path
from typing import Any
from urllib.parse import unquote_plus

from waooaw_sandbox.kit import Call, Json
from waooaw_sandbox.meta.state import Blob, Meta


async def merged(meta: Meta, platform: str, call: Call) -> tuple[Json, dict[str, Blob]]:
    """All parameters, the body's before the query's, and all files."""
    request, files = call.request, dict[str, Blob]()
    values: Json = dict(call.query)
    if request.content_type == "application/x-www-form-urlencoded":
        values |= await call.form()
    elif request.content_type == "application/json":
        values |= (await call.json()) or {}
    elif request.content_type == "multipart/form-data":
        fields, files = await split(call.chunks(), boundary_of(request.headers.get("Content-Type", "")), meta, platform)
        values |= fields
    return values, files


def boundary_of(header: str) -> bytes:
    message = Message()
    message["Content-Type"] = header
    return str(message.get_param("boundary", "")).encode()


@dataclass
class Part:
    """One part while it arrives: a file on disk if it has a file name or a type of its own, else text."""

    name: str
    file_name: str | None
    content_type: str
    path: Path | None = None
    out: BufferedWriter | None = None
    text: bytes = b""
    size: int = 0

    def take(self, data: bytes) -> None:
        self.size += len(data)
        if self.out is not None:
            self.out.write(data)
        else:
            self.text += data


def opened(head: bytes, meta: Meta, platform: str) -> Part:
    lines = head.decode("utf-8", "replace").strip("\r\n").split("\r\n")
    headers = {name.strip().lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)}
    named = dict(re.findall(r';\s*(name|filename)="([^"]*)"', headers.get("content-disposition", "")))
    kind = headers.get("content-type", "text/plain")
    part = Part(named.get("name", ""), named.get("filename"), kind)
    if part.file_name is not None or not kind.startswith(("text/", "application/json")):
        part.path = meta.new_file(platform)
        part.out = part.path.open("wb")
    return part


async def split(
    chunks: AsyncIterator[bytes], boundary: bytes, meta: Meta, platform: str
) -> tuple[dict[str, str], dict[str, Blob]]:
    mark, parts, part = b"\r\n--" + boundary, list[Part](), None
    data = b"\r\n"
    async for piece in chunks:
        data += piece
        while True:
            at = data.find(mark)
            if part is not None:
                keep = at if at >= 0 else max(len(data) - len(mark), 0)
                part.take(data[:keep])
                data = data[keep:]
                if at < 0:
                    break
                part = None
                continue
            end = data.find(b"\r\n\r\n", max(at, 0))
            if at < 0 or end < 0:
                break
            part = opened(data[at + len(mark) : end], meta, platform)
            parts.append(part)
            data = data[end + 4 :]
    return gathered(parts)


def gathered(parts: list[Part]) -> tuple[dict[str, str], dict[str, Blob]]:
    values, files = dict[str, str](), dict[str, Blob]()
    for part in parts:
        if part.out is None or part.path is None:
            values[part.name] = part.text.decode("utf-8", "replace")
            continue
        part.out.close()
        kind = part.content_type if part.content_type != "text/plain" else "application/octet-stream"
        files[part.name] = Blob(path=part.path, size=part.size, content_type=kind, name=part.file_name or "")
    return values, files


def structure(value: Any) -> Any:
    """A list or object that came as a JSON string, as the SDK sends them; anything else as it is."""
    if isinstance(value, str) and value[:1] in ("[", "{"):
        try:
            return json.loads(value)
        except ValueError:
            return value
    return value


def peeked(head: bytes, name: str) -> str | None:
    """A parameter, from the beginning of a body in whichever form it comes; for a small value only."""
    key = re.escape(name.encode())
    found = re.search(
        rb"(?:^|&)%b=([^&\r\n]*)" % key
        + rb'|"%b"\s*:\s*"?([^",}\s]*)' % key
        + rb'|name="?%b"?(?:\r\n[^\r\n]+)*\r\n\r\n([^\r]*)' % key,
        head,
    )
    return next((unquote_plus(group.decode("latin-1")) for group in found.groups() if group), None) if found else None
