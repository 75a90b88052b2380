"""Who is given a token is decided by `host_of`: it is strict, and it agrees with where the request goes."""

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from waooaw_social.wire.origin import NotOurs, Origin
from waooaw_social.wire.transport import Transport

ORIGIN = "http://127.0.0.1:9100"
HOST = "www.googleapis.com"


@pytest.mark.parametrize(
    ("url", "host"),
    [
        (f"https://{HOST}/upload?x=https://evil.com", HOST),
        (f"https://{HOST}", HOST),
        (f"https://{HOST}:443/x", HOST),
        (f"https://{HOST}:8443/x", f"{HOST}:8443"),
        ("HTTPS://WWW.GoogleAPIs.com/x", HOST),
        (f"{ORIGIN}/{HOST}/upload/x", HOST),
        (f"{ORIGIN}/{HOST.upper()}?x=1", HOST),
        (f"{ORIGIN}/{HOST}:443/x", HOST),
        (f"{ORIGIN}/{HOST}:8443/x", f"{HOST}:8443"),
        (f"{ORIGIN}/evil.com/{HOST}/", "evil.com"),
        (f"https://{HOST}.evil.com/", f"{HOST}.evil.com"),
        (f"https://{HOST}./", ""),
        # another place that only looks like the origin
        (f"http://127.0.0.1:91001/{HOST}/x", ""),
        (f"http://127.0.0.1:9100.evil/{HOST}/x", ""),
        (f"http://127.0.0.1:9100@evil.com/{HOST}/x", ""),
        (f"http://127.0.0.1/{HOST}/x", ""),
        (f"https://127.0.0.1:9100/{HOST}/x", "127.0.0.1:9100"),
        # two readings
        (f"https://{HOST}@evil.com/x", ""),
        (f"https://user:pw@{HOST}/x", ""),
        (f"https://evil.com\\@{HOST}/x", ""),
        (f"https:\\\\{HOST}/x", ""),
        (f"https:///{HOST}/x", ""),
        (f"https://{HOST}#@evil.com/", ""),
        (f"https://{HOST}%2eevil.com/", ""),
        (f"https://{HOST}\t.evil.com/", ""),
        (f" https://{HOST}/", ""),
        (f"https://{HOST}/\n", ""),
        (f"https://{HOST}:0/", ""),
        (f"https://{HOST}:99999/", ""),
        ("https://www.googleapis.c\u043em/", ""),
        (f"{ORIGIN}//{HOST}/x", ""),
        (f"{ORIGIN}//evil.com/{HOST}/x", ""),
        (f"{ORIGIN}/{HOST}/../evil.com/x", ""),
        (f"{ORIGIN}/{HOST}/%2e%2E/evil.com/x", ""),
        (f"{ORIGIN}/{HOST}/./x", ""),
        (f"{ORIGIN}/{HOST}@evil.com/x", ""),
        (f"{ORIGIN}/", ""),
        (ORIGIN, ""),
        (f"ftp://{HOST}/x", ""),
        (f"http://{HOST}/x", ""),
        (f"//{HOST}/x", ""),
        ("", ""),
    ],
)
def test_the_host_is_the_one_that_is_spoken_to_or_none(url: str, host: str) -> None:
    assert Transport(origin=ORIGIN).host_of(url) == host


def test_without_an_origin_the_origin_is_nobody() -> None:
    transport = Transport()
    assert transport.host_of(f"{ORIGIN}/{HOST}/x") == ""
    assert transport.host_of(f"https://{HOST}/x") == HOST


@pytest.mark.parametrize(
    ("url", "place"),
    [
        (f"https://{HOST}/a/b?c=%20d", f"{ORIGIN}/{HOST}/a/b?c=%20d"),
        (f"https://{HOST}?c", f"{ORIGIN}/{HOST}/?c"),
        (f"https://{HOST}", f"{ORIGIN}/{HOST}/"),
        (f"{ORIGIN}/{HOST}/a", f"{ORIGIN}/{HOST}/a"),
        ("https://127.0.0.1:9100/a", f"{ORIGIN}/127.0.0.1:9100/a"),
    ],
)
def test_a_url_is_mapped_once_and_left_alone_where_it_is_mapped(url: str, place: str) -> None:
    origin = Origin(ORIGIN)
    assert origin.place(url) == place
    assert origin.place(place) == place


@pytest.mark.parametrize("url", ["http://example.com/", "http://127.0.0.1:9101/x", f"{ORIGIN}/{HOST}/../evil.com/x"])
def test_plain_http_and_double_meanings_go_nowhere(url: str) -> None:
    for origin in (Origin(ORIGIN), Origin()):
        with pytest.raises(NotOurs):
            origin.place(url)


def test_an_origin_with_a_path_is_refused() -> None:
    with pytest.raises(ValueError, match="nothing more"):
        Origin(f"{ORIGIN}/sandbox")


@example("[0]")
@given(st.text("ahtps:/.@\\%2e0129?#[]-_ \t:" + HOST, max_size=60))
def test_whatever_has_a_host_is_sent_to_that_host(text: str) -> None:
    origin = Origin(ORIGIN)
    for url in (f"https://{text}", f"{ORIGIN}/{text}", text):
        if host := origin.host_of(url):
            assert origin.host_of(origin.place(url)) == host
            place = f"{origin.place(url)}/".lower()
            assert place.startswith((f"{ORIGIN}/{host}/", f"{ORIGIN}/{host}?", f"{ORIGIN}/{host}:443"))
