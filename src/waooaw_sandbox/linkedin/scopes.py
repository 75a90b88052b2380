"""LinkedIn's scopes and the roles a member can have in an organization (contract linkedin 1.2 and 1.7): sets, no behaviour."""

ORGANIZATION_SEEDED = (
    "openid",
    "profile",
    "email",
    "r_basicprofile",
    "w_member_social",
    "w_organization_social",
    "r_organization_social",
    "rw_organization_admin",
)
MEMBER_SEEDED = ("openid", "profile", "email", "w_member_social")

CLOSED = frozenset({"r_member_social"})
"""Exists, but new apps do not get it."""

APP = frozenset(
    {
        *ORGANIZATION_SEEDED,
        "r_organization_followers",
        "w_member_social_feed",
        "w_organization_social_feed",
        "r_organization_social_feed",
        "r_member_postAnalytics",
        "r_member_profileAnalytics",
        "r_1st_connections_size",
    }
)
"""What this app was granted by LinkedIn."""

KNOWN = APP | CLOSED

POSTING_ROLES = frozenset(
    {"ADMINISTRATOR", "CONTENT_ADMINISTRATOR", "CONTENT_ADMIN", "DIRECT_SPONSORED_CONTENT_POSTER"}
)
ROLES = POSTING_ROLES | {
    "ANALYST",
    "RECRUITING_POSTER",
    "LEAD_GEN_FORMS_MANAGER",
    "LEAD_CAPTURE_ADMINISTRATOR",
    "CURATOR",
}
STATES = frozenset({"REQUESTED", "APPROVED", "REJECTED", "REVOKED"})
