"""Resumable uploads that are not bound to a Page: `/app/uploads`, `/upload:…`, and rupload for videos (contract meta D3, D4)."""

from waooaw_sandbox.facebook.objects import UploadSession, Video
from waooaw_sandbox.facebook.videos import new_session
from waooaw_sandbox.kit import Answer, Json
from waooaw_sandbox.meta.ask import Ask
from waooaw_sandbox.meta.people import FACEBOOK_APP
from waooaw_sandbox.meta.rupload import receive_for, write


async def open_session(ask: Ask) -> Json:
    if ask.id != FACEBOOK_APP[0]:
        raise ask.missing()
    check_user(ask)
    if ask.number("file_length") <= 0:
        raise ask.invalid("The parameter file_length is required")
    return {"id": ask.meta.keep(new_session(ask)).id}


def check_user(ask: Ask) -> None:
    if ask.token.page is not None and ask.knobs.flag("uploads_need_user_token"):
        raise ask.invalid("A user access token is required to upload files.")


def session_of(ask: Ask) -> UploadSession:
    check_user(ask)
    return ask.node(UploadSession, "upload:" + ask.call.found["session"], fresh=True)


async def send(ask: Ask) -> Json:
    """Bytes from `file_offset` on; all of them together are worth a handle."""
    session = session_of(ask)
    upload, offset = session.upload, ask.call.request.headers.get("file_offset", "")
    place: Json = {"id": session.id, "file_offset": upload.received}
    beyond = upload.received + (ask.call.request.content_length or 0) > (upload.total or 0)
    if offset != str(upload.received) or beyond:
        raise ask.refused("6000/1363037", data={"start_offset": str(upload.received), "end_offset": str(upload.total)})
    await write(ask.call, upload)
    if upload.complete:
        return {"h": session.handle}
    if ask.knobs.word("partial_answer") == "error":
        raise ask.refused("6000/1363030")
    return place | {"file_offset": upload.received}


async def status(ask: Ask) -> Json:
    session = session_of(ask)
    return {"id": session.id, "file_offset": session.upload.received}


async def receive(ask: Ask) -> Json | Answer:
    video = ask.node(Video, fresh=True)
    return await receive_for(ask, video, video)
