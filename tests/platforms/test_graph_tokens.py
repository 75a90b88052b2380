"""Meta's tokens: signatures, refreshing, and what is known of a token (contract meta A3, B3, B4)."""

import hashlib
import hmac
import json
from typing import Any

import pytest

from platforms.script import play
from waooaw_social.core.refusal import Cure, Reaction, Refused
from waooaw_social.core.secret import Secret
from waooaw_social.platforms.call import Call, Reply, Request
from waooaw_social.platforms.graph.calls import AS_APP, OAUTH, Grammar
from waooaw_social.platforms.graph.errors import COMMON
from waooaw_social.platforms.graph.facts import API
from waooaw_social.platforms.graph.tokens import (
    DAY,
    LIFETIME,
    REFRESH_AHEAD,
    debug_token,
    exchange,
    refresh_page,
    renew_instagram,
    sign,
)
from waooaw_social.platforms.kit import Grant, NewTokens, NoRefresh, OAuthClient

APP = OAuthClient(client_id="app-1", client_secret=Secret("shh"))
TOKEN = "EAAtoken"
PROOF = hmac.new(b"shh", TOKEN.encode(), hashlib.sha256).hexdigest()


def grant(**more: Any) -> Grant:
    return Grant(**({"access_token": Secret(TOKEN)} | more))


def request(url: str = f"{API}/me", signature: str = "") -> Request:
    return Request(method="GET", url=url, params={"fields": "id"}, signature=signature)


def ok(body: Any, status: int = 200) -> Reply:
    return Reply(status, {}, json.dumps(body).encode())


# --- signing ------------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("url", [f"{API}/me", "https://graph-video.facebook.com/v25.0/1/videos"])
def test_the_token_goes_into_a_header_and_the_proof_of_the_app_with_it(url: str) -> None:
    signed = sign(request(url), grant(), APP)
    assert signed.headers["authorization"] == f"Bearer {TOKEN}"
    assert signed.params == {"fields": "id", "appsecret_proof": PROOF}


@pytest.mark.parametrize("url", ["https://graph.instagram.com/v25.0/1", "https://graph.facebook.com.evil.example/me"])
def test_no_proof_goes_where_it_is_not_taken(url: str) -> None:
    assert "appsecret_proof" not in sign(request(url), grant(), APP).params


def test_without_a_configured_app_there_is_a_token_and_no_proof() -> None:
    signed = sign(request(), grant(), None)
    assert signed.headers["authorization"] == f"Bearer {TOKEN}" and signed.params == {"fields": "id"}


def test_rupload_wants_its_own_word_and_nothing_else() -> None:
    signed = sign(request("https://rupload.facebook.com/video-upload/v25.0/1", OAUTH), grant(), APP)
    assert signed.headers["authorization"] == f"OAuth {TOKEN}" and signed.params == {"fields": "id"}


def test_a_question_about_a_token_is_the_apps() -> None:
    signed = sign(request(f"{API}/debug_token", AS_APP), grant(), APP)
    assert signed.headers["authorization"] == "Bearer app-1|shh" and signed.params["input_token"] == TOKEN


def test_no_repr_shows_a_token_or_a_secret() -> None:
    signed = sign(request(f"{API}/debug_token", AS_APP), grant(), APP)
    assert not any(secret in f"{signed!r} {grant()!r} {APP!r}" for secret in (TOKEN, "shh"))


# --- refreshing ---------------------------------------------------------------------------------------------------------------


def call_of(plan: Call[NewTokens] | NoRefresh) -> Call[NewTokens]:
    assert isinstance(plan, Call)
    return plan


def test_a_pages_token_lasts() -> None:
    assert refresh_page(APP, grant(posting_identity="7")) is NoRefresh.NOT_NEEDED


@pytest.mark.parametrize("identity", ["7", "FB_PAGE:7"])
def test_where_there_is_a_persons_token_the_pages_is_fetched_anew_with_it(identity: str) -> None:
    call = call_of(refresh_page(APP, grant(refresh_token=Secret("person"), posting_identity=identity)))
    assert call.request.url == f"{API}/7" and call.request.params["fields"] == "access_token"
    assert call.request.headers["authorization"] == "Bearer person"
    assert call.request.params["appsecret_proof"] == hmac.new(b"shh", b"person", hashlib.sha256).hexdigest()
    new = call.understand(ok({"access_token": "EAAnew", "id": "7"}))
    assert new.access_token.open() == "EAAnew" and new.expires_in is None


def test_a_persons_token_is_exchanged_while_it_lives() -> None:
    call = call_of(exchange(APP, grant(seconds_left=10 * DAY)))
    assert call.request.params["grant_type"] == "fb_exchange_token"
    assert call.request.params["fb_exchange_token"] == TOKEN and call.request.params["client_secret"] == "shh"
    assert call.understand(ok({"access_token": "x", "expires_in": 5183944})).expires_in == 5183944
    assert exchange(APP, grant(seconds_left=0)) is NoRefresh.NOT_POSSIBLE


@pytest.mark.parametrize(
    ("left", "plan"),
    [(LIFETIME - DAY + 1, NoRefresh.NOT_NEEDED), (0, NoRefresh.NOT_POSSIBLE), (-5, NoRefresh.NOT_POSSIBLE)],
)
def test_instagrams_token_is_renewed_neither_on_its_first_day_nor_after_its_end(left: float, plan: NoRefresh) -> None:
    assert renew_instagram(grant(seconds_left=left)) is plan


@pytest.mark.parametrize("left", [None, LIFETIME - DAY, 1.0])
def test_instagrams_token_is_renewed_in_between(left: float | None) -> None:
    call = call_of(renew_instagram(grant(seconds_left=left)))
    assert call.request.params == {"grant_type": "ig_refresh_token", "access_token": TOKEN}
    assert call.request.url == "https://graph.instagram.com/refresh_access_token"


def test_a_token_is_renewed_when_a_third_of_its_life_is_over() -> None:
    assert LIFETIME - REFRESH_AHEAD == LIFETIME / 3


REFUSED: list[tuple[dict[str, Any], Reaction, Cure | None]] = [
    ({"code": 190, "error_subcode": 463}, Reaction.CURE, Cure.RECONNECT),
    ({"code": 190, "error_subcode": 458}, Reaction.CURE, Cure.RECONNECT),
    ({"code": 102}, Reaction.CURE, Cure.RECONNECT),
    ({"code": 10}, Reaction.CURE, Cure.RECONNECT),
    ({"code": 101}, Reaction.CURE, Cure.OPERATOR),
    ({"code": 2}, Reaction.UNKNOWN, None),
    ({"code": 4}, Reaction.EXHAUSTED, None),
]


@pytest.mark.parametrize(("error", "reaction", "cure"), REFUSED, ids=lambda value: str(value))
def test_a_dead_token_is_the_customers_to_renew_and_a_wrong_app_is_not(
    error: dict[str, Any], reaction: Reaction, cure: Cure | None
) -> None:
    call = call_of(exchange(APP, grant(seconds_left=DAY)))
    refusal = call.explain(ok({"error": {"message": "no"} | error}, 400))
    assert (refusal.reaction, refusal.cure) == (reaction, cure)


@pytest.mark.parametrize("body", [{}, {"access_token": ""}, {"access_token": 7}])
def test_an_answer_without_a_token_is_none(body: dict[str, Any]) -> None:
    call = call_of(exchange(APP, grant(seconds_left=DAY)))
    with pytest.raises((KeyError, ValueError)):
        call.understand(ok(body))
    with pytest.raises(Refused):
        call.understand(ok({"error": {"code": 190}}))


# --- looking at a token -------------------------------------------------------------------------------------------------------


def test_what_a_token_is_good_for_is_read() -> None:
    data = {
        "type": "PAGE",
        "is_valid": True,
        "scopes": ["pages_manage_posts", "pages_show_list"],
        "granular_scopes": [{"scope": "pages_manage_posts", "target_ids": ["7", 8]}, {"scope": "pages_show_list"}],
        "profile_id": "7",
    }
    facts = debug_token(Grammar(COMMON)).understand(ok({"data": data}))
    assert (facts.valid, facts.kind, facts.profile) == (True, "PAGE", "7")
    assert facts.scopes == {"pages_manage_posts", "pages_show_list"}
    assert facts.granted_to == {"pages_manage_posts": {"7", "8"}}


def test_why_a_token_is_dead_comes_with_200() -> None:
    error = {"code": 190, "subcode": 463, "message": "Session has expired."}
    facts = debug_token(Grammar(COMMON)).understand(ok({"data": {"is_valid": False, "error": error, "scopes": []}}))
    assert (facts.valid, facts.subcode, facts.why_not) == (False, "463", "Session has expired.")


def test_the_question_is_signed_as_the_app() -> None:
    def ask() -> Any:
        return (yield from debug_token(Grammar(COMMON)))

    played = play(ask(), [ok({"data": {"is_valid": True}})])
    assert played.calls[0].request.signature == AS_APP
