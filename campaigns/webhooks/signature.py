"""How a receiver knows that a webhook is ours: HMAC-SHA256 over "timestamp.body" with the endpoint's secret."""

import hashlib
import hmac

EVENT = "Songda-Event"
DELIVERY = "Songda-Delivery"
TIMESTAMP = "Songda-Timestamp"
SIGNATURE = "Songda-Signature"


def signature(secret: str, timestamp: int, body: bytes) -> str:
    """`v1=` and 64 hexadecimal digits."""
    return "v1=" + hmac.new(secret.encode(), f"{timestamp}.".encode() + body, hashlib.sha256).hexdigest()
