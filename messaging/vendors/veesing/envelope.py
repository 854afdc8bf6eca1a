"""How a request says who asks, and an answer is opened. Every request carries both keys; nothing is signed."""

from collections.abc import Mapping
from urllib.parse import urlencode

from messaging.gateway import lenient
from messaging.gateway.outcomes import UnreadableBody

HEADERS = {"Content-Type": "application/x-www-form-urlencoded;charset=utf-8"}


def form(credentials: Mapping[str, str], fields: Mapping[str, str]) -> bytes:
    """The body of any request: who asks, then what."""
    who = {"appId": credentials["app_id"], "appKey": credentials["app_key"]}
    return urlencode({**who, **fields}).encode()


def opened(body: bytes) -> lenient.Row:
    """The answer's object, which has a returnStatus. Raises UnreadableBody."""
    answer = lenient.json_object(body)
    if not lenient.word(answer.get("returnStatus")):
        raise UnreadableBody("The answer has no returnStatus")
    return answer
