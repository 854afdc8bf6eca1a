"""The cryptographic pieces that vendors share. Old ciphers and bare hashes are the vendors' choice, not ours."""

import base64
import binascii
import hashlib
import hmac

from cryptography.hazmat.primitives import hashes, padding
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes

from messaging.gateway.outcomes import UnreadableBody, UnusableKey


def aes_ecb_encrypt(key: bytes, plain: bytes) -> bytes:
    """AES-ECB with PKCS7 in 16-byte blocks; the key's length (16 or 32) chooses AES-128 or AES-256. Raises UnusableKey."""
    try:
        encryptor = Cipher(algorithms.AES(key), modes.ECB()).encryptor()  # noqa: S305 - prescribed by the vendors
    except ValueError as error:
        raise UnusableKey("The account's key is missing or has the wrong length") from error
    padder = padding.PKCS7(128).padder()
    return encryptor.update(padder.update(plain) + padder.finalize()) + encryptor.finalize()


def aes_ecb_decrypt(key: bytes, sealed: bytes) -> bytes:
    """Raises UnreadableBody for anything that this key did not seal."""
    try:
        decryptor = Cipher(algorithms.AES(key), modes.ECB()).decryptor()  # noqa: S305 - prescribed by the vendors
        padded = decryptor.update(sealed) + decryptor.finalize()
        unpadder = padding.PKCS7(128).unpadder()
        return unpadder.update(padded) + unpadder.finalize()
    except ValueError as error:
        raise UnreadableBody("The body does not open with the account's key") from error


def aes_ecb_open_blocks(key: bytes, sealed: bytes) -> bytes:
    """The whole blocks in `sealed`, a part of a body or all of it, padding included. Says nothing about who sealed them.
    Raises ValueError for a key of the wrong length."""
    decryptor = Cipher(algorithms.AES(key), modes.ECB()).decryptor()  # noqa: S305 - prescribed by the vendors
    return decryptor.update(sealed[: len(sealed) // 16 * 16]) + decryptor.finalize()


def b64decode(text: bytes) -> bytes:
    """Base64 with line breaks and blanks allowed. Raises UnreadableBody."""
    try:
        return base64.b64decode(b"".join(text.split()), validate=True)
    except (binascii.Error, ValueError) as error:
        raise UnreadableBody("The body is not Base64") from error


def sha256_hex(*parts: bytes) -> str:
    return hashlib.sha256(b"".join(parts)).hexdigest()


def md5_hex(text: str) -> str:
    return hashlib.md5(text.encode(), usedforsecurity=False).hexdigest()


def sm3_hex(text: str) -> str:
    digest = hashes.Hash(hashes.SM3())
    digest.update(text.encode())
    return digest.finalize().hex()


def same(left: str, right: str) -> bool:
    """Constant-time comparison, hex case ignored."""
    return hmac.compare_digest(left.lower().encode(), right.lower().encode())
