"""The fifteen operations of the safe interface: each takes the opened body and gives the answer's data."""

from collections.abc import Callable
from datetime import datetime
from typing import Any

from messaging.vendors.emay.sandbox import desk, rules
from messaging.vendors.emay.sandbox.rules import Asked, Message
from messaging.vendors.emay.sandbox.wire import Refused

Body = dict[str, Any]
COMMON = ("timerTime", "extendedCode")


def single(asked: Asked) -> Any:
    rules.known_keys(asked.body, ("mobile", "content", "customSmsId", *COMMON))
    message = _message(asked.body, rules.content(asked.body.get("content"), asked.world), asked.body, asked.now)
    return desk.take(asked, [message], "sendSingleSMS")[0]


def batch(asked: Asked) -> Any:
    rules.known_keys(asked.body, ("smses", "content", *COMMON))
    content = rules.content(asked.body.get("content"), asked.world)
    people = _people(asked.body, ("mobile", "customSmsId"))
    messages = [_message(person, content, asked.body, asked.now) for person in people]
    return desk.take(asked, messages, "sendBatchSMS")


def batch_only(asked: Asked) -> Any:
    rules.known_keys(asked.body, ("mobiles", "content", *COMMON))
    content = rules.content(asked.body.get("content"), asked.world)
    messages = [
        _message({"mobile": phone}, content, asked.body, asked.now) for phone in rules.many(asked.body.get("mobiles"))
    ]
    return desk.take(asked, messages, "sendBatchOnlySMS")


def personal(asked: Asked) -> Any:
    rules.known_keys(asked.body, ("smses", *COMMON))
    people = _people(asked.body, ("mobile", "customSmsId", "content"))
    messages = [
        _message(person, rules.content(person.get("content"), asked.world), asked.body, asked.now) for person in people
    ]
    return desk.take(asked, messages, "sendPersonalitySMS")


def personal_all(asked: Asked) -> Any:
    rules.known_keys(asked.body, ("smses",))
    people = _people(asked.body, ("mobile", "customSmsId", "content", *COMMON))
    messages = [
        _message(person, rules.content(person.get("content"), asked.world), person, asked.now) for person in people
    ]
    return desk.take(asked, messages, "sendPersonalityAllSMS")


def create_template(asked: Asked) -> Any:
    rules.known_keys(asked.body, ("templateContent",))
    text = rules.text(asked.body, "templateContent")
    return {"templateId": desk.create_template(asked.world, str(text))}


def delete_template(asked: Asked) -> Any:
    rules.known_keys(asked.body, ("templateId",))
    template_id = rules.text(asked.body, "templateId")
    gone = asked.world.store.setdefault("templates", {}).pop(template_id, None)
    return {"code": "true" if gone else "false", "templateId": template_id}


def query_template(asked: Asked) -> Any:
    rules.known_keys(asked.body, ("templateId",))
    template_id = rules.text(asked.body, "templateId")
    found = asked.world.store.setdefault("templates", {}).get(template_id, {"status": "-1"})
    return {"status": found["status"], "templateId": template_id}


def template_normal(asked: Asked) -> Any:
    rules.known_keys(asked.body, ("smses", "templateId", *COMMON))
    content = rules.fill(desk.template_text(asked.world, str(rules.text(asked.body, "templateId"))), {})
    people = _people(asked.body, ("mobile", "customSmsId"))
    messages = [_message(person, content, asked.body, asked.now) for person in people]
    return desk.take(asked, messages, "sendTemplateNormalSMS")


def template_variable(asked: Asked) -> Any:
    rules.known_keys(asked.body, ("smses", "templateId", *COMMON))
    text = desk.template_text(asked.world, str(rules.text(asked.body, "templateId")))
    people = _people(asked.body, ("mobile", "customSmsId", "content"))
    messages = [_message(person, rules.fill(text, person.get("content")), asked.body, asked.now) for person in people]
    return desk.take(asked, messages, "sendTemplateVariableSMS")


def short_link(asked: Asked) -> Any:
    rules.known_keys(asked.body, ("smses", "content", "url", "shortLinkRule", *COMMON))
    content, url = rules.content(asked.body.get("content"), asked.world), str(rules.text(asked.body, "url"))
    if rules.SHORT_LINK not in content or not url.startswith(("http://", "https://")):
        raise Refused("ERROR_PARAMS")
    if asked.body.get("shortLinkRule") not in ("1", "2"):
        raise Refused("ERROR_PARAMS")
    people = _people(asked.body, ("mobile", "customSmsId"))
    messages = [_message(person, content, asked.body, asked.now) for person in people]
    asked.world.store.setdefault("links", {}).update({message.phone: url for message in messages})
    return desk.take(asked, messages, "sendShortLinkSMS")


def poll(kind: str) -> "Operation":
    def answer(asked: Asked) -> Any:
        rules.known_keys(asked.body, ("number",))
        return desk.poll(asked.world, kind, rules.number(asked.body.get("number")), asked.now)

    return answer


def balance(asked: Asked) -> Any:
    rules.known_keys(asked.body, ())
    return {"balance": desk.balance(asked.world)}


def _people(body: Body, allowed: tuple[str, ...]) -> list[Body]:
    people = rules.many(body.get("smses"))
    for person in people:
        if not isinstance(person, dict):
            raise Refused("ERROR_PARAMS")
        rules.known_keys(person, allowed)
    return people


def _message(person: Body, content: str, common: Body, now: datetime) -> Message:
    """`common` is where the time and the code stand: the request, or the person itself."""
    return Message(
        rules.phone(person.get("mobile")),
        content,
        rules.custom_id(person),
        rules.code(common),
        rules.timer(common, now),
    )


Operation = Callable[[Asked], Any]
OPERATIONS: dict[str, Operation] = {
    "sendSingleSMS": single,
    "sendBatchSMS": batch,
    "sendBatchOnlySMS": batch_only,
    "sendPersonalitySMS": personal,
    "sendPersonalityAllSMS": personal_all,
    "createTemplateSMS": create_template,
    "deleteTemplateSMS": delete_template,
    "queryTemplateSMS": query_template,
    "sendTemplateNormalSMS": template_normal,
    "sendTemplateVariableSMS": template_variable,
    "sendShortLinkSMS": short_link,
    "getReport": poll("receipt"),
    "getMo": poll("reply"),
    "getShortLink": poll("click"),
    "getBalance": balance,
}
