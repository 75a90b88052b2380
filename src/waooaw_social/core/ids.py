"""A type for every id, so that a credential's name can never stand where a customer's belongs."""

from typing import NewType

CustomerId = NewType("CustomerId", str)
AgentId = NewType("AgentId", str)
CredentialRef = NewType("CredentialRef", str)
PublicationId = NewType("PublicationId", str)
Platform = NewType("Platform", str)

RemoteId = NewType("RemoteId", str)
"""The id that a platform gave to what it published."""

Audience = NewType("Audience", str)
"""Whoever would see a post twice: platform and remote account. Never a credential_ref, for two of those may name one Page."""
