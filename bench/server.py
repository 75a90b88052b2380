"""The other side of both benches: a server that does as little as one can, so that the clients are what is measured.

It answers like a resumable upload session (bytes are counted and thrown away), like CP's internal API, and to any other call with a
small JSON object. It checks nothing: no token, no range. `python bench/server.py` prints its URL and runs until it is terminated.
"""

import asyncio
import json
from itertools import count
from typing import cast

BUFFER = 1024 * 1024
CHANNEL = "UC0000000000000000000000"

_numbers = count(1)
_sizes: dict[str, int] = {}
_held: dict[str, int] = {}


class Connection(asyncio.BufferedProtocol):
    """Heads are gathered, bodies are counted."""

    def __init__(self) -> None:
        self._buffer = bytearray(BUFFER)
        self._head = b""
        self._left = 0
        self._asked: tuple[str, str, dict[str, str]] | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)

    def get_buffer(self, sizehint: int) -> bytearray:
        return self._buffer

    def buffer_updated(self, nbytes: int) -> None:
        if self._asked is not None and nbytes < self._left:  # in the middle of a large body
            self._left -= nbytes
            return
        came = self._head + bytes(memoryview(self._buffer)[:nbytes])
        while came or (self._asked is not None and not self._left):
            if self._asked is None:
                head, end, rest = came.partition(b"\r\n\r\n")
                if not end:
                    break
                self._asked, came = _read(head), rest
                self._left = int(self._asked[2].get("content-length", "0"))
            taken = min(self._left, len(came))
            came, self._left = came[taken:], self._left - taken
            if self._left:
                break
            self._transport.write(_answer(*self._asked))
            self._asked = None
        self._head = came


def _read(head: bytes) -> tuple[str, str, dict[str, str]]:
    line, *rest = head.decode("latin-1").split("\r\n")
    method, target, _ = line.split(" ", 2)
    return method, target, {name.lower(): value for name, _, value in (field.partition(": ") for field in rest)}


def _answer(method: str, target: str, headers: dict[str, str]) -> bytes:
    path, _, query = target.partition("?")
    if method == "PUT":
        return _put(query.partition("upload_id=")[2].partition("&")[0], headers)
    if "uploadType=resumable" in query:
        number = f"session-{next(_numbers)}"
        _sizes[number], _held[number] = int(headers["x-upload-content-length"]), 0
        return _reply("200 OK", b"", f"Location: http://{headers['host']}{path}?upload_id={number}\r\n")
    if path.endswith("/credentials/resolve"):
        return _json(CREDENTIALS)
    if path.endswith("/channels"):
        return _json({"items": [{"id": CHANNEL, "contentDetails": {"relatedPlaylists": {"uploads": "UU0"}}}]})
    return _reply("200 OK", POST, "Content-Type: application/json; charset=UTF-8\r\n")


def _put(session: str, headers: dict[str, str]) -> bytes:
    span = headers["content-range"].removeprefix("bytes ").partition("/")[0]
    if span != "*":
        _held[session] = int(span.partition("-")[2]) + 1
    held = _held[session]
    if held == _sizes[session]:
        return _json({"id": "bench000000", "status": {"privacyStatus": "public"}}, "201 Created")
    return _reply("308 Resume Incomplete", b"", f"Range: bytes=0-{held - 1}\r\n" if held else "")


def _json(value: object, status: str = "200 OK") -> bytes:
    return _reply(status, json.dumps(value).encode(), "Content-Type: application/json; charset=UTF-8\r\n")


def _reply(status: str, body: bytes, headers: str = "") -> bytes:
    return f"HTTP/1.1 {status}\r\n{headers}Content-Length: {len(body)}\r\n\r\n".encode() + body


CREDENTIALS = {
    "credential_ref": "CRED-1",
    "customer_id": "CUST-1",
    "platform": "youtube",
    "posting_identity": CHANNEL,
    "access_token": "bench-access-token-" + "a" * 140,
    "refresh_token": "bench-refresh-token-" + "r" * 80,
    "expires_at": None,
    "metadata": {},
    "version": 1,
    "created_at": None,
    "updated_at": None,
}
POST = json.dumps(
    {"kind": "bench#post", "id": "1" * 24, "snippet": {"text": "An answer of usual size. " * 24}}
).encode()


async def main() -> None:
    server = await asyncio.get_running_loop().create_server(Connection, "127.0.0.1", 0)
    print(f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}", flush=True)
    await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(main())
