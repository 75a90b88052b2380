"""A form with one file in it, as Meta takes them (multipart). Its boundary is made of the file's own hash, which the file cannot hold."""

from collections.abc import Mapping

from waooaw_social.platforms.call import Form, Piece, Request


def form_with_file(url: str, fields: Mapping[str, str], part: str, piece: Piece, file_name: str) -> Request:
    """A POST of `fields` and of `piece` as the file of `part`. `file_name` has no quotes in it."""
    boundary = f"waooaw-{piece.file.sha256}"
    parts = [_part(boundary, f'name="{field}"', value) for field, value in fields.items()]
    kind = piece.file.content_type or "application/octet-stream"
    named = f'name="{part}"; filename="{file_name}"'
    opening = f"--{boundary}\r\nContent-Disposition: form-data; {named}\r\nContent-Type: {kind}\r\n\r\n"
    body = Form(before="".join([*parts, opening]).encode(), file=piece, after=f"\r\n--{boundary}--\r\n".encode())
    headers = {"content-type": f"multipart/form-data; boundary={boundary}"}
    return Request(method="POST", url=url, headers=headers, body=body)


def _part(boundary: str, named: str, value: str) -> str:
    return f"--{boundary}\r\nContent-Disposition: form-data; {named}\r\n\r\n{value}\r\n"
