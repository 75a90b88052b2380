"""YouTube after the upload: processing, schedules, listings, updates, quota, accounts that cannot, community posts, pages."""

from datetime import UTC, datetime, timedelta

import pytest

from sandbox.world import GOOGLE, UPLOAD, V3, Sandbox, reason, title

pytestmark = pytest.mark.anyio

CHANNELS = V3 + "/channels?part=contentDetails&mine=true"


async def uploads(sandbox: Sandbox, **more: str) -> list[str]:
    _, body, _ = await sandbox.api("GET", CHANNELS)
    playlist = body["items"][0]["contentDetails"]["relatedPlaylists"]["uploads"]
    query = "&".join(f"{k}={v}" for k, v in more.items())
    _, body, _ = await sandbox.api("GET", f"{V3}/playlistItems?part=contentDetails&playlistId={playlist}&{query}")
    return [item["contentDetails"]["videoId"] for item in body["items"]]


async def in_seconds(sandbox: Sandbox, seconds: float) -> str:
    now = datetime.fromisoformat((await sandbox.control("GET", "/clock"))["now"])
    return (now + timedelta(seconds=seconds)).astimezone(UTC).isoformat()


# --- time ---------------------------------------------------------------------------------------------------------------------


async def test_a_video_is_processed_after_a_while(sandbox: Sandbox):
    video = await sandbox.publish()
    before = await sandbox.video(video["id"], "status,processingDetails")
    assert before is not None
    assert before["status"]["uploadStatus"] == "uploaded"
    assert before["processingDetails"]["processingProgress"]["partsTotal"] == "100"
    await sandbox.advance(6)
    after = await sandbox.video(video["id"], "status,processingDetails")
    assert after is not None
    assert (after["status"]["uploadStatus"], after["processingDetails"]["processingStatus"]) == (
        "processed",
        "succeeded",
    )


@pytest.mark.parametrize(
    ("outcome", "field", "why"), [("failed", "failureReason", "codec"), ("rejected", "rejectionReason", "duplicate")]
)
async def test_processing_can_end_badly(sandbox: Sandbox, outcome: str, field: str, why: str):
    await sandbox.knob(processing_outcome=outcome)
    video = await sandbox.publish()
    assert len(await sandbox.audience()) == 1
    await sandbox.advance(6)
    mine = await sandbox.video(video["id"], "status")
    assert mine is not None
    assert (mine["status"]["uploadStatus"], mine["status"][field]) == (outcome, why)
    assert await sandbox.audience() == []


async def test_a_scheduled_video_goes_public_by_itself(sandbox: Sandbox):
    due = await in_seconds(sandbox, 3600)
    video = await sandbox.publish(title(privacyStatus="private", publishAt=due))
    assert video["status"]["privacyStatus"] == "private"
    assert "publishAt" in video["status"]
    assert await sandbox.audience() == []
    await sandbox.turn(expires_in=10_000)
    await sandbox.advance(3601)
    [seen] = await sandbox.audience()
    assert datetime.fromisoformat(seen["published_at"]) - datetime.fromisoformat(due) < timedelta(milliseconds=1)
    mine = await sandbox.video(video["id"])
    assert mine is not None
    assert mine["status"]["privacyStatus"] == "public"
    assert "publishAt" not in mine["status"]


async def test_a_schedule_in_the_past_publishes_at_once(sandbox: Sandbox):
    await sandbox.publish(title(privacyStatus="private", publishAt="2020-01-01T00:00:00Z"))
    assert len(await sandbox.audience()) == 1


async def test_only_public_videos_have_an_audience(sandbox: Sandbox):
    for privacy in ("private", "unlisted", "public"):
        await sandbox.publish(title(privacy, privacyStatus=privacy))
    assert [post["title"] for post in await sandbox.audience()] == ["public"]
    hidden = await sandbox.audience(hidden=True)
    assert [post["visibility"] for post in hidden] == ["private", "unlisted", "public"]


async def test_an_omitted_privacy_is_public(sandbox: Sandbox):
    assert (await sandbox.publish({"snippet": {"title": "t"}}))["status"]["privacyStatus"] == "public"


# --- listings -----------------------------------------------------------------------------------------------------------------


async def test_the_uploads_playlist_lists_the_newest_first_in_pages(sandbox: Sandbox):
    made = [(await sandbox.publish(title(f"no {n}")))["id"] for n in range(3)]
    assert await uploads(sandbox) == made[::-1]
    assert await uploads(sandbox, maxResults="2") == made[:0:-1]
    assert await uploads(sandbox, maxResults="2", pageToken="p2") == made[:1]


async def test_a_slow_listing_hides_a_video_that_followers_already_see(sandbox: Sandbox):
    await sandbox.arm("slow_listing", seconds=30)
    video = await sandbox.publish()
    assert len(await sandbox.audience()) == 1
    assert await uploads(sandbox) == []
    assert await sandbox.video(video["id"]) is None
    await sandbox.advance(31)
    assert await uploads(sandbox) == [video["id"]]


async def test_a_stranger_sees_no_private_video_and_no_owners_parts(sandbox: Sandbox):
    public = await sandbox.publish(name="ridge")
    private = await sandbox.publish(title(privacyStatus="private"), name="ridge")
    ids = f"{public['id']},{private['id']},nonsense"
    _, body, _ = await sandbox.api("GET", f"{V3}/videos?part=id&id={ids}")
    assert [v["id"] for v in body["items"]] == [public["id"]]
    status, body, _ = await sandbox.api("GET", f"{V3}/videos?part=fileDetails&id={public['id']}")
    assert (status, reason(body)) == (403, "forbidden")


async def test_only_the_parts_asked_for_are_answered(sandbox: Sandbox):
    video = await sandbox.publish()
    assert set(await sandbox.video(video["id"], "statistics") or {}) == {"kind", "etag", "id", "statistics"}
    status, body, _ = await sandbox.api("GET", f"{V3}/videos?id={video['id']}")
    assert (status, reason(body)) == (400, "missingRequiredParameter")


async def test_numbers_of_64_bits_are_strings(sandbox: Sandbox):
    video = await sandbox.publish()
    mine = await sandbox.video(video["id"], "statistics")
    assert mine is not None
    assert all(isinstance(number, str) for number in mine["statistics"].values())
    _, body, _ = await sandbox.api("GET", f"{V3}/videos:batchGetStats?part=statistics&id={video['id']}")
    assert body["items"][0]["statistics"]["viewCount"] == mine["statistics"]["viewCount"]


async def test_channels_need_exactly_one_filter(sandbox: Sandbox):
    status, body, _ = await sandbox.api("GET", V3 + "/channels?part=id&mine=true&id=UC1")
    assert (status, reason(body)) == (400, "invalidCriteria")


# --- changing things ----------------------------------------------------------------------------------------------------------


async def test_an_update_replaces_the_whole_part(sandbox: Sandbox):
    video = await sandbox.publish({"snippet": {"title": "old", "description": "long", "tags": ["a"]}})
    change = {"id": video["id"], "snippet": {"title": "new", "categoryId": "22"}}
    _, changed, _ = await sandbox.api("PUT", V3 + "/videos?part=snippet", json=change)
    assert (changed["snippet"]["title"], changed["snippet"]["description"]) == ("new", "")
    assert "tags" not in changed["snippet"]
    del change["snippet"]["categoryId"]
    status, body, _ = await sandbox.api("PUT", V3 + "/videos?part=snippet", json=change)
    assert (status, reason(body)) == (400, "invalidCategoryId")


async def test_a_private_video_can_be_published_by_an_update(sandbox: Sandbox):
    video = await sandbox.publish(title(privacyStatus="private"))
    await sandbox.api(
        "PUT", V3 + "/videos?part=status", json={"id": video["id"], "status": {"privacyStatus": "public"}}
    )
    assert len(await sandbox.audience()) == 1
    late = {"id": video["id"], "status": {"privacyStatus": "private", "publishAt": "2030-01-01T00:00:00Z"}}
    status, body, _ = await sandbox.api("PUT", V3 + "/videos?part=status", json=late)
    assert (status, reason(body)) == (400, "invalidPublishAt")


async def test_an_update_of_the_status_resets_what_it_leaves_out_and_costs_50_units(sandbox: Sandbox):
    due = await in_seconds(sandbox, 3600)
    video = await sandbox.publish(
        title(privacyStatus="private", publishAt=due, license="creativeCommon", embeddable=False)
    )
    spent = (await sandbox.control("GET", "/knobs/youtube"))["quota"]["buckets"]["units"]["used"]
    change = {"id": video["id"], "status": {"privacyStatus": "unlisted"}}
    _, changed, _ = await sandbox.api("PUT", V3 + "/videos?part=status", json=change)
    assert (await sandbox.control("GET", "/knobs/youtube"))["quota"]["buckets"]["units"]["used"] == spent + 50
    assert (changed["status"]["license"], changed["status"]["embeddable"]) == ("youtube", True)
    assert changed["status"]["privacyStatus"] == "unlisted" and "publishAt" not in changed["status"]
    await sandbox.turn(expires_in=10_000)
    await sandbox.advance(3601)
    assert await sandbox.audience() == []


async def test_a_video_that_is_opened_later_is_published_from_then_on(sandbox: Sandbox):
    video = await sandbox.publish(title(privacyStatus="private"))
    await sandbox.advance(100)
    opened = await in_seconds(sandbox, 0)
    change = {"id": video["id"], "status": {"privacyStatus": "public"}}
    for _ in range(2):
        await sandbox.api("PUT", V3 + "/videos?part=status", json=change)
        [seen] = await sandbox.audience()
        late = datetime.fromisoformat(seen["published_at"]) - datetime.fromisoformat(opened)
        assert timedelta(0) <= late < timedelta(seconds=5)
        await sandbox.advance(100)


async def test_what_cannot_be_updated_is_refused_in_youtubes_words(sandbox: Sandbox):
    video = await sandbox.publish(title(privacyStatus="private"))
    path = V3 + "/videos?part=status"

    async def refused(name: str = "hazel", **resource: object) -> tuple[int, str]:
        status, body, _ = await sandbox.api("PUT", path, name, json={"id": video["id"]} | resource)
        return status, reason(body)

    public = {"privacyStatus": "public"}
    assert await refused(id="nonsense", status=public) == (404, "videoNotFound")
    assert await refused("ridge", status=public) == (403, "forbidden")
    assert await refused(status={"privacyStatus": "secret"}) == (403, "forbiddenPrivacySetting")
    assert await refused(status=public | {"license": "mine"}) == (403, "forbiddenLicenseSetting")
    assert await refused(status=public | {"publishAt": "2030-01-01T00:00:00Z"}) == (400, "invalidPublishAt")
    assert await sandbox.audience() == []


@pytest.mark.parametrize("by", ["account", "fault"])
async def test_a_video_can_be_locked_private(sandbox: Sandbox, by: str):
    video = await sandbox.publish(title(privacyStatus="private"))
    await (sandbox.turn(force_private=True) if by == "account" else sandbox.arm("wrong_privacy", "videos.update"))
    change = {"id": video["id"], "status": {"privacyStatus": "public"}}
    status, changed, _ = await sandbox.api("PUT", V3 + "/videos?part=status", json=change)
    assert (status, changed["status"]["privacyStatus"]) == (200, "private") and await sandbox.audience() == []


async def test_a_deleted_video_is_gone(sandbox: Sandbox):
    video = await sandbox.publish()
    assert (await sandbox.api("DELETE", f"{V3}/videos?id={video['id']}", "ridge"))[0] == 403
    assert (await sandbox.api("DELETE", f"{V3}/videos?id={video['id']}"))[:2] == (204, "")
    status, body, _ = await sandbox.api("DELETE", f"{V3}/videos?id={video['id']}")
    assert (status, reason(body)) == (404, "videoNotFound")
    assert await sandbox.audience(hidden=True) == []


async def test_a_thumbnail_must_be_a_picture(sandbox: Sandbox):
    video = await sandbox.publish()
    path = f"{GOOGLE}/upload/youtube/v3/thumbnails/set?videoId={video['id']}&uploadType=media"
    picture = b"\x89PNG\r\n\x1a\n" + b"rest"
    status, body, _ = await sandbox.api("POST", path, data=picture)
    assert status == 200
    async with sandbox.http.get(body["items"][0]["default"]["url"]) as reply:
        assert (reply.content_type, await reply.read()) == ("image/png", picture)
    assert reason((await sandbox.api("POST", path, data=b"words"))[1]) == "invalidImage"
    await sandbox.turn(phone_verified=False)
    assert (await sandbox.api("POST", path, data=picture))[0] == 403


async def test_a_playlist_takes_the_same_video_twice(sandbox: Sandbox):
    video = await sandbox.publish()
    _, playlist, _ = await sandbox.api("POST", V3 + "/playlists?part=snippet", json={"snippet": {"title": "Mornings"}})
    resource = {"kind": "youtube#video", "videoId": video["id"]}
    item = {"snippet": {"playlistId": playlist["id"], "resourceId": resource}}
    for _ in range(2):
        assert (await sandbox.api("POST", V3 + "/playlistItems?part=snippet", json=item))[0] == 200
    _, body, _ = await sandbox.api("GET", f"{V3}/playlistItems?part=snippet&playlistId={playlist['id']}")
    assert len(body["items"]) == 2
    assert (await sandbox.api("GET", V3 + "/playlistItems?part=id&playlistId=PLnone"))[0] == 404


# --- quota --------------------------------------------------------------------------------------------------------------------


async def test_the_upload_bucket_empties_by_itself_and_in_its_own_words(sandbox: Sandbox):
    await sandbox.knob(uploads_per_day=1)
    await sandbox.publish()
    status, body, headers = await sandbox.api("POST", UPLOAD + "?uploadType=resumable&part=snippet", json=title())
    assert (status, reason(body)) == (429, "rateLimitExceeded")
    assert body["error"]["message"].startswith(
        "Quota exceeded for quota metric 'Video Uploads' and limit 'Video Uploads per day' of service 'youtube.googleapis.com'"
    )
    assert "status" not in body["error"]
    assert "Retry-After" not in headers
    assert (await sandbox.api("GET", CHANNELS))[0] == 200


async def test_the_general_bucket_empties_without_touching_uploads(sandbox: Sandbox):
    await sandbox.knob(units_per_day=51)
    assert (await sandbox.api("GET", CHANNELS))[0] == 200
    assert (await sandbox.api("DELETE", V3 + "/videos?id=none"))[0] == 404
    status, body, _ = await sandbox.api("GET", CHANNELS)
    assert (status, reason(body), body["error"]["errors"][0]["domain"]) == (403, "quotaExceeded", "youtube.quota")
    await sandbox.publish()


async def test_both_accounts_share_the_projects_quota(sandbox: Sandbox):
    await sandbox.knob(uploads_per_day=1)
    await sandbox.publish()
    assert (await sandbox.api("POST", UPLOAD + "?uploadType=resumable&part=id", "ridge", json=title()))[0] == 429


async def test_quota_comes_back_at_midnight_in_california(sandbox: Sandbox):
    await sandbox.knob(uploads_per_day=1, access_token_seconds=10**7)
    await sandbox.publish()
    quota = (await sandbox.control("GET", "/knobs/youtube"))["quota"]
    now = datetime.fromisoformat((await sandbox.control("GET", "/clock"))["now"])
    midnight = datetime.fromisoformat(quota["resets_at"])
    assert midnight.hour in (7, 8)
    await sandbox.advance((midnight - now).total_seconds() - 5)
    await sandbox.refresh((await sandbox.account())["refresh_token"])
    assert (await sandbox.api("POST", UPLOAD + "?uploadType=resumable&part=id", json=title()))[0] == 429
    await sandbox.advance(6)
    await sandbox.publish()


async def test_whether_a_refused_insert_is_charged_is_a_knob(sandbox: Sandbox):
    async def used() -> int:
        await sandbox.api("POST", UPLOAD + "?uploadType=resumable&part=id", json=title(""))
        return (await sandbox.control("GET", "/knobs/youtube"))["quota"]["buckets"]["uploads"]["used"]

    assert await used() == 1
    await sandbox.knob(charge_failed_inserts=False)
    assert await used() == 1


async def test_the_channels_own_limit_is_no_quota(sandbox: Sandbox):
    await sandbox.turn(daily_videos=1)
    await sandbox.publish()
    status, body, _ = await sandbox.api("POST", UPLOAD + "?uploadType=resumable&part=id", json=title())
    assert (status, reason(body)) == (400, "uploadLimitExceeded")
    await sandbox.publish(name="ridge")


# --- accounts that cannot -----------------------------------------------------------------------------------------------------


async def test_an_account_without_a_channel_answers_in_one_of_two_ways(sandbox: Sandbox):
    assert (await sandbox.turn(channel=False))["posting_identity"] is None
    status, body, _ = await sandbox.api("GET", CHANNELS)
    assert (status, "items" in body) == (200, False)
    await sandbox.knob(no_channel_answer="youtubeSignupRequired")
    status, body, _ = await sandbox.api("GET", CHANNELS)
    assert (status, reason(body)) == (401, "youtubeSignupRequired")
    status, body, _ = await sandbox.api("POST", UPLOAD + "?uploadType=resumable&part=id", json=title())
    assert (status, reason(body)) == (401, "youtubeSignupRequired")


async def test_a_suspended_account_may_read_but_not_write(sandbox: Sandbox):
    await sandbox.turn(suspended=True)
    assert (await sandbox.api("GET", CHANNELS))[0] == 200
    status, body, _ = await sandbox.api("POST", UPLOAD + "?uploadType=resumable&part=id", json=title())
    assert (status, reason(body)) == (403, "authenticatedUserAccountSuspended")


async def test_account_settings_can_force_private(sandbox: Sandbox):
    await sandbox.turn(force_private=True)
    assert (await sandbox.publish(title(privacyStatus="public")))["status"]["privacyStatus"] == "private"


# --- community posts, pages, unknown paths ------------------------------------------------------------------------------------


async def test_community_posts_can_be_made_listed_and_seen(sandbox: Sandbox):
    path = V3 + "/communityPosts?part=snippet"
    made = []
    for text in ("First", "Second"):
        status, post, _ = await sandbox.api("POST", path, json={"snippet": {"textOriginal": text}})
        assert (status, post["kind"], post["id"][:3]) == (200, "youtube#communityPost", "Ugk")
        made.append(post["id"])
    _, body, _ = await sandbox.api("GET", path + "&mine=true&maxResults=50")
    assert [post["id"] for post in body["items"]] == made[::-1]
    seen = await sandbox.audience()
    assert [(p["kind"], p["text"]) for p in seen] == [("community_post", "First"), ("community_post", "Second")]
    assert (await sandbox.control("GET", "/knobs/youtube"))["quota"]["buckets"]["units"]["used"] == 101


async def test_an_empty_or_overlong_community_post_is_refused(sandbox: Sandbox):
    for text in ("", "x" * 1001):
        status, _, _ = await sandbox.api(
            "POST", V3 + "/communityPosts?part=snippet", json={"snippet": {"textOriginal": text}}
        )
        assert status == 400


async def test_the_posts_url_shows_and_plays_it(sandbox: Sandbox):
    await sandbox.publish(
        {"snippet": {"title": "Bread & butter", "description": "How it <b>rises".replace("<b>", "")}}, data=b"abc"
    )
    [seen] = await sandbox.audience()
    status, page, _ = await sandbox.ask("GET", seen["url"])
    assert status == 200
    assert "Bread &amp; butter" in page
    source = page.split('<video src="')[1].split('"')[0]
    async with sandbox.http.get(source) as reply:
        assert (reply.content_type, await reply.read()) == ("video/mp4", b"abc")
    async with sandbox.http.get(seen["url"].replace("/watch?v=", "/shorts/")) as reply:
        assert "Bread &amp; butter" in await reply.text()


async def test_a_private_video_has_no_page(sandbox: Sandbox):
    video = await sandbox.publish(title("Secret plan", privacyStatus="private"))
    _, page, _ = await sandbox.ask("GET", f"/www.youtube.com/watch?v={video['id']}")
    assert "Video unavailable" in page
    assert "Secret plan" not in page
    assert (await sandbox.ask("GET", f"/www.youtube.com/media/{video['id']}"))[0] == 404


async def test_an_unknown_path_is_answered_in_html(sandbox: Sandbox):
    status, body, headers = await sandbox.api("GET", V3 + "/stories?part=id")
    assert status == 404
    assert "Error 404 (Not Found)!!1" in body
    assert headers["Content-Type"].startswith("text/html")


async def test_a_missing_or_garbled_token_is_named(sandbox: Sandbox):
    status, body, _ = await sandbox.ask("GET", CHANNELS)
    assert (status, reason(body)) == (401, "required")
    status, body, _ = await sandbox.ask("GET", CHANNELS, headers={"Authorization": "Bearer ya29.wrong"})
    assert (status, body["error"]["errors"][0]["message"]) == (401, "Invalid Credentials")
