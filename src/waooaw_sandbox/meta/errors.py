"""Every error of the Graph API, as a table by `code/subcode`, and the three envelopes Meta puts errors in.

Contract meta A5, A6 and A8. The table says what an error looks like, not when it is raised; `RUPLOAD` and `CODE` are the shapes of the
upload host and of Instagram's code exchange. The table is the reason for this file's length.
"""

import json
import random
from dataclasses import dataclass
from typing import Any

from waooaw_sandbox.kit import Answer, Json, Refused

JSON = "application/json; charset=UTF-8"
UPLOAD_HOST = "rupload.facebook.com"
CODE_HOST = "api.instagram.com"
IG_HOST = "graph.instagram.com"


@dataclass(frozen=True)
class Row:
    status: int
    message: str
    title: str = ""
    advice: str = ""
    transient: bool = False
    kind: str = "OAuthException"


def media(message: str, title: str, *, transient: bool = False) -> Row:
    """An Instagram publishing error: HTTP 400, as the official page lists them all."""
    return Row(400, message, title, f"{title}.", transient)


LOGGED_OUT = "Error validating access token: "
GRAPH: dict[str, Row] = {
    "1": Row(500, "An unknown error occurred"),
    "2": Row(500, "An unexpected error has occurred. Please retry your request later.", transient=True),
    "3": Row(400, "(#3) Application does not have the capability to make this API call."),
    "4": Row(403, "(#4) Application request limit reached", transient=True),
    "4/2207051": Row(403, "Application request limit reached", "action is blocked", "We restrict certain activity to protect our community. Tell us if you think we made a mistake."),
    "4/1504022": Row(403, "(#4) Application request limit reached", "There have been too many calls from this app"),
    "9/2207042": media("Application request limit reached", "You have reached the maximum number of posts that is allowed to be published"),
    "10": Row(403, "(#10) Application does not have permission for this action"),
    "12": Row(400, "(#12) This API is deprecated."),
    "17": Row(400, "(#17) User request limit reached", transient=True),
    "32": Row(403, "(#32) Page request limit reached", transient=True),
    "100": Row(400, "(#100) Invalid parameter", kind="GraphMethodException"),
    "100/33": Row(400, "Unsupported {method} request. Object with ID '{id}' does not exist, cannot be loaded due to missing permissions, or does not support this operation.", kind="GraphMethodException"),
    "100/36007": Row(400, "This authorization code has expired."),
    "100/36008": Row(400, "Error validating verification code. Please make sure your redirect_uri is identical to the one you used in the OAuth dialog request"),
    "100/36009": Row(400, "This authorization code has been used."),
    "100/2207018": media("Invalid parameter", "The collaborator cannot be tagged"),
    "100/2207023": media("Invalid parameter", "The media type is unknown"),
    "100/2207028": media("Invalid parameter", "The carousel needs at least 2 and at most 10 items"),
    "100/2207035": media("Invalid parameter", "Product tag positions should not be specified for video media"),
    "100/2207036": media("Invalid parameter", "Product tag positions are required for photo media"),
    "100/2207037": media("Invalid parameter", "The product tags are invalid"),
    "100/2207040": media("Invalid parameter", "Too many tags were added"),
    "101": Row(400, "Error validating application. Cannot get application info due to a system error."),
    "102": Row(400, "(#102) Session key invalid or no longer valid"),
    "190": Row(400, "Invalid OAuth access token - Cannot parse access token"),
    "190/458": Row(400, LOGGED_OUT + "The user has not authorized application {app}."),
    "190/459": Row(400, LOGGED_OUT + "You cannot access the app till you log in to www.facebook.com and follow the instructions given."),
    "190/460": Row(400, LOGGED_OUT + "The session has been invalidated because the user changed their password or Facebook has changed the session for security reasons."),
    "190/463": Row(400, LOGGED_OUT + "Session has expired on {when}. The current time is {now}."),
    "190/464": Row(400, LOGGED_OUT + "Sessions for the user are not allowed because the user is not a confirmed user."),
    "190/467": Row(400, LOGGED_OUT + "The session is invalid because the user logged out."),
    "190/492": Row(400, LOGGED_OUT + "The session is invalid for the user, who no longer has a role on the Page."),
    "200": Row(403, "(#200) The permission(s) {scopes} are not available. It could because either they are deprecated or need to be approved by App Review."),
    "210": Row(400, "(#210) A page access token is required to request this resource."),
    "324": Row(400, "(#324) Missing or invalid image file"),
    "341": Row(400, "(#341) Feed action request limit reached", transient=True),
    "368": Row(400, "The action attempted has been deemed abusive or is otherwise disallowed", "You're temporarily blocked"),
    "368/1390008": Row(400, "(#368) It looks like you were misusing this feature by going too fast.", "You're temporarily blocked"),
    "368/1404112": Row(400, "(#368) The action attempted has been deemed abusive or is otherwise disallowed", "Confirm your identity"),
    "352/2207026": media("The video format is not supported", "Unsupported format"),
    "506": Row(400, "(#506) Duplicate status message"),
    "613": Row(403, "(#613) Calls to this api have exceeded the rate limit.", transient=True),
    "613/1996": Row(403, "(#613) Calls to this api have exceeded the rate limit."),
    "803": Row(400, "(#803) Some of the aliases you requested do not exist: {id}"),
    "1363": Row(400, "(#1363) Video upload failed"),
    "1609005": Row(400, "(#1609005) There was an error scraping the posted link."),
    "2500": Row(400, "An active access token must be used to query information about the current user."),
    "6000": Row(400, "There was a problem uploading your video file. Please try again with another file."),
    "6000/1363130": Row(400, "There was a problem uploading your video file. Please try again with another file.", "The Video Was Not Uploaded", "The video was not uploaded, so it cannot be published yet."),
    "6000/1363037": Row(400, "Your video upload timed out before it could be completed.", "Invalid chunk offset"),
    "6000/1363019": Row(400, "There was a problem uploading your video file.", "Retry the chunk", transient=True),
    "6000/1363021": Row(400, "There was a problem uploading your video file.", "Retry the chunk", transient=True),
    "6000/1363030": Row(400, "There was a problem uploading your video file.", "Video upload time out", transient=True),
    "6000/1363033": Row(400, "There was a problem uploading your video file.", "Retry the chunk", transient=True),
    "6000/1363041": Row(400, "There was a problem uploading your video file.", "Invalid upload session"),
    "3001/1504028": Row(400, "(#3001) Invalid query", "No metric was specified to fetch"),
    "80001": Row(400, "(#80001) There have been too many calls to this Page account. Wait a bit and try again.", transient=True),
    "80002": Row(400, "(#80002) There have been too many calls to this Instagram account. Wait a bit and try again.", transient=True),
    "80002/2446079": Row(400, "(#80002) There have been too many calls to this Instagram account. Wait a bit and try again.", transient=True),
    "-2/2207003": media("Timeout", "It takes too long to download the media"),
    "-2/2207020": media("Fatal", "The media you are trying to access has expired"),
    "-1/2207001": media("An unexpected error has occurred. Please retry your request later.", "Instagram server error"),
    "-1/2207032": media("Fatal", "Create media fail"),
    "-1/2207053": media("Fatal", "Unknown upload error"),
    "-1/2207073": media("Fatal", "This media type cannot be deleted"),
    "1/2207057": media("Fatal", "The thumbnail offset must be greater than or equal to 0 and less than the video's length"),
    "24/2207006": media("The requested resource does not exist", "Media not found"),
    "24/2207008": media("The requested resource does not exist", "The media builder with this creation ID does not exist or has expired"),
    "25/2207050": media("The user is restricted", "The Instagram account is inactive, checkpointed, or restricted"),
    "9004/2207052": media("Only photo or video can be accepted as media type.", "The media could not be fetched from this URI"),
    "9007/2207027": media("Media ID is not available", "The media is not ready for publishing, please wait for a moment"),
    "36000/2207004": media("The image size is too large.", "The image is too large to download. It should be less than 8 MiB"),
    "36001/2207005": media("The image format is not supported.", "The image format is not supported. It should be in JPEG"),
    "36003/2207009": media("The aspect ratio is not supported.", "The submitted image's aspect ratio is not within 4:5 and 1.91:1"),
    "36004/2207010": media("The param caption is too long", "The caption was too long: 2200 characters, 30 hashtags, 20 mentions at most"),
    "9007/2207076": media("Media upload has failed with error code 2207076", "The video does not meet the specification"),
    "9007/2207077": media("Media upload has failed with error code 2207077", "The video could not be downloaded"),
    "9007/2207082": media("Media upload has failed with error code 2207082", "The video could not be processed"),
    "9007/2207085": media("Media upload has failed with error code 2207085", "The video could not be processed"),
    "10/2207081": media("(#10) Application does not have permission for this action", "This account does not support trial reels"),
    **{
        f"100/{subcode}": Row(400, "Invalid parameter", title)
        for subcode, title in {
            1366046: "Your photos couldn't be uploaded. Photos should be smaller than 4 MB and saved as JPG, PNG, GIF, TIFF, HEIF or WebP files.",
            1366051: "These photos were already posted.",
            1346003: "The content was marked as abusive.",
            1404006: "A security check is required.",
            1404078: "Page Publishing Authorization is required.",
            1404102: "The content goes against our Community Standards.",
            1609008: "Links to facebook.com cannot be posted.",
            1609010: "The link's service is in trouble.",
            1363047: "The video service is in trouble.",
            1349125: "The content's format is bad.",
            2061006: "The URL is invalid.",
            2069019: "The file is bad.",
            4854002: "The identity must be confirmed.",
        }.items()
    },
}  # fmt: skip

RUPLOAD: dict[str, tuple[bool, str]] = {
    "ProcessingFailedError": (False, "Request processing failed"),
    "OffsetInvalidError": (True, "The offset does not match what was received"),
    "PartialRequestError": (True, "The request ended before the file did"),
    "UnknownUploadError": (True, "Something went wrong"),
}

CODE: dict[str, str] = {
    "code_used": "Matching code was not found or was already used",
    "bad_client": "Invalid platform app",
    "bad_redirect": "Error validating verification code. Please make sure your redirect_uri is identical to the one you used in the OAuth dialog request",
    "bad_request": "Required parameter is missing",
}


def trace() -> str:
    return "A" + "".join(random.choices("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_-", k=22))


def graph_error(
    host: str,
    reason: str,
    *,
    message: str | None = None,
    status: int | None = None,
    data: Json | None = None,
    **names: str,
) -> Answer:
    """The Graph API's envelope. `names` fill the braces of the row's message."""
    row = GRAPH[reason]
    code, _, subcode = reason.partition("/")
    text = message or row.message.format_map(Blanks(names))
    kind = "IGApiException" if host == IG_HOST and row.kind == "GraphMethodException" else row.kind
    error: Json = {"message": text, "type": kind, "code": int(code)}
    if subcode:
        error["error_subcode"] = int(subcode)
    if row.title or row.transient:
        error["is_transient"] = row.transient
    if row.title:
        error |= {"error_user_title": row.title, "error_user_msg": row.advice or row.title}
    if data is not None:
        error["error_data"] = data
    return enveloped(status or row.status, error)


class Blanks(dict[str, str]):
    def __missing__(self, key: str) -> str:
        return "unknown"


def enveloped(status: int, error: Json) -> Answer:
    error |= {"fbtrace_id": trace()}
    what = "invalid_token" if error["code"] in (190, 102) else "invalid_request"
    shown = str(error["message"]).encode("ascii", "replace").decode().replace('"', "'").replace("\n", " ")
    headers = {
        "WWW-Authenticate": f'OAuth "Facebook Platform" "{what}" "{shown}"',
        "Cache-Control": "no-store",
        "Pragma": "no-cache",
        "x-fb-trace-id": error["fbtrace_id"],
        "x-fb-request-id": error["fbtrace_id"],
        "x-fb-rev": "1030000000",
    }
    return Answer(status, {"error": error}, content_type=JSON, headers=headers)


def refuse(host: str, reason: str, message: str | None = None, **more: Any) -> Refused:
    return Refused(graph_error(host, reason, message=message, **more))


def upload_error(reason: str, *, status: int = 400, **detail: Any) -> Answer:
    """The upload host's shape; its message is JSON in a string where there is detail."""
    retriable, text = RUPLOAD[reason]
    message = json.dumps({"success": False, "message": text} | detail) if detail else text
    body = {"debug_info": {"retriable": retriable, "type": reason, "message": message}} | detail
    return Answer(status, body, content_type=JSON)


def code_error(reason: str, status: int = 400) -> Answer:
    body = {"error_type": "OAuthException", "code": status, "error_message": CODE[reason]}
    return Answer(status, body, content_type=JSON)


def bare(host: str, status: int, message: str) -> Answer:
    """The envelope around a status that has no reason."""
    if host == UPLOAD_HOST:
        detail = {"retriable": status >= 500, "type": "UnknownUploadError", "message": message}
        return Answer(status, {"debug_info": detail}, content_type=JSON)
    if host == CODE_HOST:
        return Answer(status, {"error_type": "OAuthException", "code": status, "error_message": message}, JSON)
    return enveloped(status, {"message": message, "type": "OAuthException", "code": 2 if status >= 500 else 1})


def unknown_path(path: str) -> Answer:
    error = {"message": f"Unknown path components: {path}", "type": "OAuthException", "code": 2500}
    return enveloped(400, error)
