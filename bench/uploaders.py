"""One upload by one client, in this process, and what it cost: `bench/upload.py` runs it. Prints one line of JSON.

`ours` is the library as a caller uses it: every call of the flow, the ledger in memory, the real gateway. `google` is the vendor's client
with its bundled discovery document and nothing changed but the address.
"""

import argparse
import asyncio
import json
from dataclasses import replace
from pathlib import Path
from typing import Any

from measure import Spent


def ours(base: str, token: str, file: Path, _: int) -> dict[str, float]:
    from waooaw_social.clients.environment import wiring
    from waooaw_social.clients.youtube import YouTubeClient
    from waooaw_social.core.ids import CredentialRef, CustomerId
    from waooaw_social.core.post import MediaFile, MediaSource
    from waooaw_social.core.secret import Secret
    from waooaw_social.durable.ports import Files
    from waooaw_social.platforms.youtube.manifest import YOUTUBE
    from waooaw_social.settings import Settings
    from waooaw_social.wire.ports import RefreshLease, ResolvedSocialCredentials

    credentials = ResolvedSocialCredentials(
        customer_id=CustomerId("CUST-1"),
        credential_ref=CredentialRef("CRED-1"),
        platform=YOUTUBE,
        posting_identity=None,
        access_token=Secret(token),
        refresh_token=None,
        expires_at=None,
    )

    class Lent:
        """A token source that has one token."""

        async def resolve(self, **_: object) -> ResolvedSocialCredentials:
            return credentials

        async def refresh_lease(self, **_: object) -> RefreshLease:
            raise AssertionError("nothing ends here")

        async def update_access_token(self, **_: object) -> int:
            raise AssertionError("nothing ends here")

        def drop(self, **_: object) -> None:
            return

    class Timed:
        """The real files, and how long they took to be looked at: read whole and hashed, and probed in a process of its own."""

        def __init__(self, files: Files) -> None:
            self.files, self.wall, self.cpu = files, 0.0, 0.0

        async def bring(self, source: MediaSource) -> MediaFile:
            with Spent() as spent:
                brought = await self.files.bring(source)
            self.wall, self.cpu = spent.wall, spent.cpu
            return brought

        async def holds(self, file: MediaFile) -> bool:
            return await self.files.holds(file)

    async def upload() -> dict[str, float]:
        wired = wiring(YOUTUBE, Lent(), Settings.model_validate({"platform_origin": base, "http_transport": "aiohttp"}))
        files = Timed(wired.files)
        async with YouTubeClient(customer_id="CUST-1", wired=replace(wired, files=files)) as client:
            with Spent() as spent:
                result = await client.post_video("CRED-1", file, "A bench")
        assert result.success
        return vars(spent) | {"look_wall": files.wall, "look_cpu": files.cpu}

    return asyncio.run(upload())


def google(base: str, token: str, file: Path, chunk: int) -> dict[str, float]:
    import googleapiclient
    from google.oauth2.credentials import Credentials
    from googleapiclient.discovery import build_from_document
    from googleapiclient.http import MediaFileUpload

    folder = Path(googleapiclient.__file__).parent / "discovery_cache" / "documents"
    document: dict[str, Any] = json.loads((folder / "youtube.v3.json").read_text())
    document["rootUrl"] = document["baseUrl"] = base + "/youtube.googleapis.com/"
    youtube: Any = build_from_document(document, credentials=Credentials(token=token))
    body = {"snippet": {"title": "A bench"}, "status": {"privacyStatus": "public"}}
    with Spent() as spent:
        media = MediaFileUpload(str(file), "video/mp4", **({"chunksize": chunk} if chunk else {}), resumable=True)
        request = youtube.videos().insert(part="snippet,status", body=body, media_body=media)
        answer = None
        while answer is None:
            _, answer = request.next_chunk()
    assert answer["id"]
    return vars(spent)


CLIENTS = {"ours": ours, "google": google}

if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("client", choices=CLIENTS)
    parser.add_argument("--base", required=True)
    parser.add_argument("--token", required=True)
    parser.add_argument("--file", type=Path, required=True)
    parser.add_argument("--chunk", type=int, default=0, help="bytes; 0: the client's own default")
    given = parser.parse_args()
    figures = CLIENTS[given.client](given.base, given.token, given.file, given.chunk)
    print(json.dumps({name: value for name, value in figures.items() if not name.startswith("_")}))
