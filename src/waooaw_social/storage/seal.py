"""Envelope encryption: each text has a data key of its own, wrapped by a master key. The only import of `cryptography`.

`version | key id | wrapped data key | nonce | ciphertext`, AES-256-GCM and AES key wrap. Where a text belongs is authenticated with it, so that
a sealed token that is moved to another customer's row does not open. Rotation wraps the data key again, and opens no text.
"""

import base64
import hashlib
import os
from collections.abc import Mapping, Sequence
from typing import Protocol

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from cryptography.hazmat.primitives.keywrap import InvalidUnwrap, aes_key_unwrap, aes_key_wrap

VERSION = b"\x01"
KEY_ID, WRAPPED, NONCE = 8, 40, 12
"""Lengths in bytes: AES key wrap adds 8 to a data key of 32."""


class CannotOpen(Exception):
    """It is not what it claims to be, or was sealed with a key that is not here. Says nothing about either."""


class KeyProvider(Protocol):
    """Who holds the master keys. A KMS fits here."""

    def current(self) -> bytes:
        """The id of the key that new texts are sealed with: 8 bytes."""
        ...

    def wrap(self, key_id: bytes, data_key: bytes) -> bytes: ...

    def unwrap(self, key_id: bytes, wrapped: bytes) -> bytes:
        """Raises `CannotOpen`."""
        ...


class KeyRing:
    """Master keys from a setting: one or several, the newest first. `base64:` and 32 bytes are a key; any other text is stretched into one."""

    def __init__(self, secret: str) -> None:
        words = secret.replace(",", " ").split() if secret.startswith("base64:") else [secret]
        if not any(words):
            raise ValueError("an empty secret seals nothing")
        self._keys = {_key_id(key): key for key in map(_master_key, words)}
        self._current = next(iter(self._keys))

    def current(self) -> bytes:
        return self._current

    def wrap(self, key_id: bytes, data_key: bytes) -> bytes:
        return aes_key_wrap(self._keys[key_id], data_key)

    def unwrap(self, key_id: bytes, wrapped: bytes) -> bytes:
        try:
            return aes_key_unwrap(self._keys[key_id], wrapped)
        except (KeyError, InvalidUnwrap):
            raise CannotOpen("it was sealed with a key that is not here") from None

    def __repr__(self) -> str:
        return f"KeyRing({len(self._keys)} keys)"


class Sealer:
    """Seals and opens texts. Keyword arguments say where a text belongs; it opens only there."""

    def __init__(self, keys: KeyProvider) -> None:
        self._keys = keys

    def seal(self, text: bytes, **belongs: str) -> bytes:
        data_key, nonce, key_id = AESGCM.generate_key(256), os.urandom(NONCE), self._keys.current()
        sealed = AESGCM(data_key).encrypt(nonce, text, _place(belongs))
        return VERSION + key_id + self._keys.wrap(key_id, data_key) + nonce + sealed

    def open(self, sealed: bytes, **belongs: str) -> bytes:
        """Raises `CannotOpen`."""
        key_id, wrapped, nonce, text = _parts(sealed)
        try:
            return AESGCM(self._keys.unwrap(key_id, wrapped)).decrypt(nonce, text, _place(belongs))
        except InvalidTag:
            raise CannotOpen("it does not belong here, or was changed") from None

    def rewrap(self, sealed: bytes) -> bytes:
        """The same sealed text under the current master key."""
        key_id, wrapped, nonce, text = _parts(sealed)
        newest = self._keys.current()
        return VERSION + newest + self._keys.wrap(newest, self._keys.unwrap(key_id, wrapped)) + nonce + text


def _parts(sealed: bytes) -> tuple[bytes, bytes, bytes, bytes]:
    head = len(VERSION)
    if sealed[:head] != VERSION or len(sealed) < head + KEY_ID + WRAPPED + NONCE:
        raise CannotOpen("it is no sealed text")
    ends = (head + KEY_ID, head + KEY_ID + WRAPPED, head + KEY_ID + WRAPPED + NONCE)
    return sealed[head : ends[0]], sealed[ends[0] : ends[1]], sealed[ends[1] : ends[2]], sealed[ends[2] :]


def _place(belongs: Mapping[str, str]) -> bytes:
    """Unambiguous: every name and value with its length, in the order of the names."""
    words: Sequence[str] = [word for pair in sorted(belongs.items()) for word in pair]
    return b"".join(len(raw).to_bytes(4, "big") + raw for raw in (word.encode() for word in words))


def _master_key(word: str) -> bytes:
    if word.startswith("base64:"):
        try:
            key = base64.b64decode(word.removeprefix("base64:"), validate=True)
        except ValueError:  # binascii's, or that of a letter beyond ASCII
            raise ValueError("the secret after base64: is no base64") from None
        if len(key) != 32:
            raise ValueError(f"the secret after base64: has {len(key)} bytes; it must have 32")
        return key
    return HKDF(algorithm=hashes.SHA256(), length=32, salt=None, info=b"waooaw-social master key").derive(word.encode())


def _key_id(key: bytes) -> bytes:
    return hashlib.sha256(b"waooaw-social key id" + key).digest()[:KEY_ID]
