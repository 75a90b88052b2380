"""How a file's description lies in the ledger: as the reply of a call, like everything else that is recorded."""

import json
from dataclasses import asdict

from waooaw_social.core.post import MediaFile
from waooaw_social.platforms.call import Reply


def reply_of(file: MediaFile) -> Reply:
    """The description of `file`, as a reply."""
    return Reply(200, body=json.dumps(asdict(file)).encode())


def file_of(reply: Reply) -> MediaFile:
    """The file that a recorded reply describes."""
    return MediaFile(**reply.json())
