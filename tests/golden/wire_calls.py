"""The calls whose bytes are kept, as plain data: vendor, operation of its document, variant, and what the adapter is given.

Words of fields, verbs, options and kinds are those of the day on which the files were written; `test_wire_bytes.RENAMED` turns
them into today's.
"""

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

NOW = datetime(2026, 5, 20, 2, 0, 0, 123000, tzinfo=UTC)  # 10:00 in China, a Wednesday


@dataclass(frozen=True)
class Call:
    """`verb` is the adapter's method. `sent` are the fields of a send, `submitted` those of a submission, `given` any other
    arguments. `settings` are the account's, beside its defaults."""

    operation: str
    variant: str
    verb: str
    given: tuple[Any, ...] = ()
    sent: dict[str, Any] | None = None
    submitted: dict[str, Any] | None = None
    settings: dict[str, Any] = field(default_factory=dict)

    @property
    def name(self) -> str:
        return f"{self.operation}-{self.variant}"


def send(operation: str, variant: str, settings: dict[str, Any] | None = None, **sent: Any) -> Call:
    return Call(
        operation, variant, "send", sent={"recipients": TWO, "signature": SIGN, **sent}, settings=settings or {}
    )


def submit(
    operation: str, variant: str, content: dict[str, Any], settings: dict[str, Any] | None = None, **more: Any
) -> Call:
    basis = {"name": "会员日", "part": "main", "content": content, "fallback": {}, "signature": SIGN}
    return Call(operation, variant, "submit", submitted={**basis, **more}, settings=settings or {})


# --- people ------------------------------------------------------------------------------------------------------------

SIGN = "示例商城"
ONE = [("13800138000", {})]
TWO = [("13800138000", {}), ("19912345678", {})]
NAMED = [("13800138000", {"姓名": "李四", "余额": "100.50"}), ("19912345678", {"姓名": "Ünï 😀", "余额": "0"})]
NAMED_ONE = NAMED[:1]

# --- content -----------------------------------------------------------------------------------------------------------

REPLY = {"kind": "reply", "label": "参加", "data": "join"}
LINK = {
    "kind": "open_url",
    "label": "去看看",
    "data": "look",
    "url": "https://example.com/a?b=1&c=好",
    "application": "webview",
}
DIAL = {"kind": "dial", "label": "打电话", "data": "call", "phone": "95533"}
SHOW = {
    "kind": "show_place",
    "label": "门店",
    "data": "shop",
    "latitude": "39.915031",
    "longitude": "116.403978",
    "place": "天安门",
}
FIND = {"kind": "find_place", "label": "查门店", "data": "find", "query": "天安门"}
ASK = {"kind": "ask_place", "label": "我的位置", "data": "here"}
COMPOSE = {"kind": "compose", "label": "写短信", "data": "write", "phone": "10086", "text": "查余额"}
CALENDAR = {
    "kind": "calendar",
    "label": "记下来",
    "data": "note",
    "start": "2026-11-21T10:00",
    "end": "2026-11-22T18:30",
    "title": "会员日",
    "description": "满300减50",
}
THREE = [REPLY, LINK, DIAL]
EIGHT = [REPLY, LINK, DIAL, SHOW, FIND, ASK, COMPOSE, CALENDAR]


def card(title: str, description: str, asset: str | None = "1", buttons: Any = (), **media: Any) -> dict[str, Any]:
    picture = {"asset": asset, "height": "MEDIUM", **media} if asset else None
    return {"title": title, "description": description, "media": picture, "suggestions": list(buttons)}


def single(inner: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {"kind": "card", "card": inner, **more}


TEXT = {"kind": "text", "text": "会员日满300减50，拒收请回复R"}
TEXT_VARIABLES = {"kind": "text", "text": "${姓名}，您的余额${余额}元，拒收请回复R"}
CARD = single(card("会员日", "满300减50"))
CARD_VARIABLES = single(card("${姓名}您好", "余额${余额}元", buttons=THREE), suggestions=[REPLY])
CARD_STYLED = single(
    card("会员日", "满300减50\n“全场”", "2", THREE, height="TALL"),
    orientation="HORIZONTAL",
    alignment="RIGHT",
    title_style=["bold", "italics"],
    description_style=["underline"],
    suggestions=[REPLY, LINK],
)
CARD_EIGHT = single(card("会员日", "满300减50", buttons=EIGHT[:4]), suggestions=EIGHT[4:])
CAROUSEL = {
    "kind": "carousel",
    "width": "SMALL_WIDTH",
    "title_style": ["bold"],
    "description_style": [],
    "cards": [
        card("第一张", "${姓名}，满300减50", "1", [REPLY]),
        card("第二张", "满500减100", "2", [LINK, DIAL], height="SHORT"),
        card("第三张", "免运费", "3", height="SHORT"),
    ],
    "suggestions": [REPLY],
}
FILE = {"kind": "file", "media": {"asset": "2"}, "suggestions": [REPLY]}
PLACE = {"kind": "place", "latitude": "39.915031", "longitude": "116.403978", "label": "天安门", "suggestions": [SHOW]}
FRAMES = [
    {"seconds": 5, "text": "会员日满300减50", "media": {"asset": "1"}},
    {"seconds": 3, "text": "只限今天，退订回R", "media": None},
    {"seconds": 8, "text": "", "media": {"asset": "2"}},
    {"seconds": 4, "text": "“听一听”", "media": {"asset": "3"}},
]
MMS = {"kind": "mms", "title": "会员日", "frames": FRAMES}
MMS_TEXTS = {
    "kind": "mms",
    "title": "会员 & 日",
    "frames": [FRAMES[1], {"seconds": 12, "text": "第二页", "media": None}],
}
SMS = {"kind": "sms", "text": "会员日满300减50。拒收请回复R"}
SMS_VARIABLES = {"kind": "sms", "text": "${姓名}，您的余额${余额}元。拒收请回复R"}
CONTENTS = {
    "text": TEXT,
    "text-chips": {**TEXT, "suggestions": [REPLY]},
    "text-variables": TEXT_VARIABLES,
    "card": CARD,
    "card-variables": CARD_VARIABLES,
    "card-styled": CARD_STYLED,
    "card-eight-buttons": CARD_EIGHT,
    "card-without-picture": single(card("会员日", "满300减50", None)),
    "carousel": CAROUSEL,
    "file": FILE,
    "place": PLACE,
    "mms": MMS,
    "mms-texts": MMS_TEXTS,
    "sms": SMS,
    "sms-variables": SMS_VARIABLES,
}
FALL_SMS = {"sms": {"text": "${姓名}，会员日满300减50"}}
FALL_MMS = {"mms": {"title": "会员日", "frames": FRAMES}}
FALL_AIM = {"aim": {"text": "会员日 ${阅信短链}"}}
FALL_H5 = {"h5": {"text": "会员日，请看 ${dh_rcs_h5_url}"}}
FALL_ALL = {**FALL_SMS, **FALL_MMS, **FALL_AIM}

# asset -> type, bytes, and where it lies
MEDIA = {
    "1": ("image/jpeg", b"\xff\xd8\xff\xe0 picture", "https://songda.example.com/m/aaaa.jpg", "material_001"),
    "2": ("video/mp4", b"\x00\x00\x00\x18ftypmp42", "https://songda.example.com/m/bbbb.mp4", "material_002"),
    "3": ("audio/mpeg", b"ID3\x04\x00sound", "https://songda.example.com/m/cccc.mp3", "material_003"),
}
PART_IDS = {"sms": "s1", "mms": "14aad893e72d425aba81b380102fb7f5", "aim": "975e96f1cad84f739e855e9027754ae4"}

# --- the gateway -------------------------------------------------------------------------------------------------------

GATEWAY = [
    send("send", "free-text", text="您好，您的订单已发货"),
    send("send", "signature-already-there", text="【示例商城】您好", recipients=ONE),
    send("send", "signature-behind", text="您好【示例商城】"),
    send("send", "without-signature", text="您好", signature=""),
    send("send", "columns-that-the-text-does-not-use", text="您好", recipients=NAMED),
    send("send", "text-of-the-version", content=TEXT, recipients=ONE),
    send("p2p", "personal", text="${姓名}您好，余额${余额}", recipients=NAMED),
    send("p2p", "personal-version", content=TEXT_VARIABLES, recipients=NAMED_ONE),
    send("templateSend", "text", content=TEXT, template_id="12"),
    send("templateSend", "card", content=CARD, template_id="12"),
    send("templateSend", "one-of-three-fallbacks", content=CARD, fallback={**FALL_ALL, "sms": {"text": "会员日"}},
         template_id="12", options={"callType": "2"}),
    send("templateSend", "no-fallback-chosen", content=CARD, fallback={"sms": {"text": "会员日"}}, template_id="12",
         options={"callType": "0"}),
    send("templateSend", "sms-fallback", content=CARD, fallback={"sms": {"text": "会员日"}}, template_id="12"),
    send("templateSend", "video-sms-fallback", content=CARD, fallback=FALL_MMS, template_id="12"),
    send("templateSend", "aim-fallback-one-link", content=CARD, fallback={"aim": {"text": "会员日"}}, template_id="12",
         options={"callType": "4", "aimUrl": "https://s.example.com/a"}),
    send("templateSend", "version-not-at-hand", template_id="12", options={"callType": "1"}),
    send("templateP2P", "text", content=TEXT_VARIABLES, template_id="12", recipients=NAMED),
    send("templateP2P", "card", content=CARD_VARIABLES, template_id="12", recipients=NAMED),
    send("templateP2P", "carousel-sms-fallback", content=CAROUSEL, fallback=FALL_SMS, template_id="12", recipients=NAMED),
    send("templateP2P", "value-missing", content=CARD_VARIABLES, template_id="12",
         recipients=[("13800138000", {"姓名": "李四"})]),
    send("templateP2P", "aim-link-for-all", content=CARD_VARIABLES, fallback=FALL_AIM, template_id="12", recipients=NAMED,
         options={"aimUrl": "https://s.example.com/a"}),
    send("templateP2P", "aim-link-of-each", content=CARD, fallback=FALL_AIM, template_id="12",
         recipients=[("13800138000", {"阅信短链": "https://s.example.com/1"}), ("19912345678", {"阅信短链": "s.example.com/2"})]),
    send("templateP2P", "aim-link-of-some", content=CARD, fallback=FALL_AIM, template_id="12",
         recipients=[("13800138000", {"阅信短链": "https://s.example.com/1"}), ("19912345678", {})],
         options={"aimUrl": "https://s.example.com/a", "callType": "4"}),
    send("templateP2P", "version-not-at-hand", template_id="12", recipients=NAMED),
    submit("templateTextAdd", "text", TEXT),
    submit("templateTextAdd", "text-variables-sms", TEXT_VARIABLES, fallback=FALL_SMS),
    submit("templateTextAdd", "every-fallback", TEXT, fallback=FALL_ALL),
    submit("templateTextAdd", "capital-key", TEXT, {"text_key": "Text"}),
    submit("templateTextAdd", "not-renewed", TEXT, options={"autoRenew": False}),
    submit("templateAdd", "card", CARD),
    submit("templateAdd", "card-variables", CARD_VARIABLES),
    submit("templateAdd", "card-styled", CARD_STYLED),
    submit("templateAdd", "card-sms", CARD_VARIABLES, fallback=FALL_SMS),
    submit("templateAdd", "card-video-sms", CARD, fallback=FALL_MMS),
    submit("templateAdd", "card-aim", CARD, fallback=FALL_AIM),
    submit("templateAdd", "carousel", CAROUSEL),
    submit("templateAdd", "carousel-every-fallback", CAROUSEL, fallback={**FALL_ALL, **FALL_H5}),
    submit("templateAdd", "signature-in-brackets", CARD, signature="【示例商城】", options={"autoRenew": False}),
    Call("balance", "balance", "balance"),
    Call("balance", "other-unit", "balance", settings={"balance_unit": "milli"}),
]  # fmt: skip

# --- hanwg -------------------------------------------------------------------------------------------------------------

EDIT = {"template_id": "f80eae8532f44250be6bbd9e7998792a", "sender": "a92e43085a0049ba8928b61fa04eeee"}
HANWG = [
    *(
        submit("template_edit", kind, CONTENTS[kind], **EDIT)
        for kind in CONTENTS
        if not kind.startswith(("mms", "sms"))
    ),
    submit("template_edit", "sms-fallback", TEXT, fallback=FALL_SMS, **EDIT),
    submit("template_edit", "video-sms-fallback", CARD, fallback=FALL_MMS, part_ids=PART_IDS, **EDIT),
    submit("template_edit", "aim-fallback", CARD, fallback=FALL_AIM, part_ids=PART_IDS, **EDIT),
    submit("template_edit", "h5-fallback", CARD, fallback=FALL_H5, **EDIT),
    submit("template_edit", "richest-of-all", CARD, fallback={**FALL_ALL, **FALL_H5}, part_ids=PART_IDS, **EDIT),
    submit("template_edit", "sms-chosen-of-all", CARD, fallback={**FALL_ALL, **FALL_H5}, options={"fallback": "sms"}, **EDIT),
    submit("template_edit", "none-chosen-of-all", CARD, fallback=FALL_ALL, options={"fallback": "none"}, **EDIT),
    submit("template_edit", "labels-and-draft", TEXT, options={"label": "会员,五月", "draft": True}, **EDIT),
    submit("template_edit", "sender-with-signs", TEXT, template_id=EDIT["template_id"], sender="sip:a/b@c d"),
    submit("template_edit", "own-recipe", TEXT, {"digest_recipe": "{account}:{password}:{date}"}, **EDIT),
    submit("template_edit", "addition", TEXT, {"add_enabled": True}, sender=EDIT["sender"]),
    submit("template_edit", "addition-elsewhere", TEXT, {"add_enabled": True, "add_path": "/rcs/new/{chatbotId}"},
           sender=EDIT["sender"]),
]  # fmt: skip

# --- Veesing -----------------------------------------------------------------------------------------------------------

VEESING = [
    submit("create", "texts", MMS_TEXTS),
    submit("create", "picture-film-sound", MMS),
    submit("create", "size-by-base64", MMS, {"size_basis": "base64"}),
    send("send", "now", template_id="54", content=MMS),
    send("send", "one", template_id="54", recipients=ONE),
    Call("balance", "balance", "balance"),
]

# --- Yixintong ---------------------------------------------------------------------------------------------------------

REPLIES = (
    b'{"code":0,"msg":"OK","ok":true,"data":{"apiSmsReplyBoList":[{"callMdn":"10690549248469","content":"TD",'
    b'"replyTime":"2021-08-04 14:55:01","userNumber":"13800138000"}],"maxId":"12345677"}}'
)
YIXINTONG = [
    send("send", "text", text="您好，您的订单已发货", template_id="T1"),
    send("send", "signs-in-the-text", text="100% +1 ~ *'()! “好” 😀\n/?&=", template_id="T1", recipients=ONE),
    send("send", "version", content=SMS, template_id="T1"),
    send("send", "version-filled", content=SMS_VARIABLES, template_id="T1", recipients=NAMED_ONE),
    send("send", "text-of-the-fallback", content=CARD, fallback=FALL_SMS, template_id="12", part_ids=PART_IDS,
         recipients=NAMED_ONE),
    send("send", "signature-in-text", {"signature_in_text": True}, text="您好", template_id="T1"),
    send("send", "signature-already-there", {"signature_in_text": True}, text="【示例商城】您好", template_id="T1"),
    send("send", "check-by-repeat", text="您好，您的订单已发货", template_id="T1", is_repeat=True),
    send("send", "signed-as-javascript", {"sign_encoding": "js"}, text="a b*c~(d)", template_id="T1"),
    send("send", "signed-without-type-in-capitals", {"sign_type": False, "sign_upper": True}, text="您好", template_id="T1"),
    send("send", "other-serial", {"serial_prefix": "1234"}, text="您好", template_id="T1"),
    Call("report", "poll", "poll", ("receipt", 500)),
    Call("reply", "poll", "poll", ("reply", 500)),
    Call("confirm", "what-came", "confirm", ("reply", REPLIES)),
]  # fmt: skip

# --- Emay --------------------------------------------------------------------------------------------------------------

PLAIN = {"interface": "plain"}
TIMED = [
    ("13800138000", {"姓名": "李四", "余额": "1", "时间": "2026-05-21 09:30:00", "码": "01"}),
    ("19912345678", {"姓名": "张三", "余额": "2", "时间": "", "码": ""}),
]
SHORT = "请看{#短网址#}，退订回R"
EMAY = [
    send("single", "text", text="您好，您的订单已发货", recipients=ONE),
    send("single", "not-compressed", {"gzip": False}, text="您好", recipients=ONE),
    send("single", "without-own-ids", {"custom_ids": False}, text="您好", recipients=ONE),
    send("single", "version-filled", content=SMS_VARIABLES, recipients=NAMED_ONE),
    send("batch", "text", text="您好，您的订单已发货"),
    send("batch", "version", content=SMS),
    send("batch", "version-not-compressed", {"gzip": False}, content=SMS),
    send("batch", "signature-already-there", text="【示例商城】您好"),
    send("batch", "signature-bound-at-the-vendor", {"signature_in_text": False}, text="您好"),
    send("batch", "extended-code", text="您好", options={"extended_code": "0123"}),
    send("batch", "valid-for-longer", {"valid_seconds": 600}, text="您好"),
    send("batch", "text-of-the-fallback", content=CARD, fallback={"sms": {"text": "会员日"}}, template_id="12"),
    send("batch_only", "text", {"custom_ids": False}, text="您好"),
    send("personal", "version", content=SMS_VARIABLES, recipients=NAMED),
    send("personal", "free-text", text="${姓名}您好", recipients=NAMED,
         options={"extended_code": "0123"}),
    send("personal", "without-own-ids", {"custom_ids": False}, content=SMS_VARIABLES, recipients=NAMED),
    send("personal_all", "time-and-code-of-each", content=SMS_VARIABLES, recipients=TIMED,
         options={"time_column": "时间", "code_column": "码"}),
    send("personal_all", "request-fills-the-gaps", text="您好", recipients=TIMED,
         options={"time_column": "时间", "extended_code": "99"}),
    send("template_normal", "version", content=SMS, template_id="22222"),
    send("template_normal", "part-of-a-fallback", content=CARD, fallback={"sms": {"text": "会员日"}}, template_id="12",
         part_ids=PART_IDS),
    send("template_variable", "version", content=SMS_VARIABLES, template_id="22222", recipients=NAMED),
    send("template_variable", "columns-beside", content=SMS_VARIABLES, template_id="22222", recipients=TIMED),
    send("short_link", "each", text=SHORT, options={"short_link_url": "https://example.com/a?b=1"}),
    send("short_link", "in-total", content={"kind": "sms", "text": SHORT},
         options={"short_link_url": "https://example.com/a", "short_link_rule": "1", "extended_code": "7"}),
    submit("template_create", "sms", SMS),
    submit("template_create", "variables", SMS_VARIABLES),
    submit("template_create", "variables-in-dollars", SMS_VARIABLES, {"variable_form": "${%s}"}),
    submit("template_create", "signature-bound-at-the-vendor", SMS, {"signature_in_text": False}),
    Call("template_query", "query", "query_template", ("22222",)),
    Call("template_delete", "delete", "delete_template", ("22222",)),
    Call("report", "poll", "poll", ("receipt", 500)),
    Call("report", "poll-more-than-allowed", "poll", ("receipt", 5000)),
    Call("reply", "poll", "poll", ("reply", 100)),
    Call("click", "poll", "poll", ("click", 500)),
    Call("balance", "balance", "balance"),
    send("plain_send", "text", PLAIN, text="您好 & 再见"),
    send("plain_send", "extended-code", PLAIN, text="您好", options={"extended_code": "0123"}),
    send("plain_send", "without-own-ids", {**PLAIN, "custom_ids": False}, content=SMS),
    send("plain_personal", "version", PLAIN, content=SMS_VARIABLES, recipients=NAMED),
    Call("plain_report", "poll", "poll", ("receipt", 500), settings=PLAIN),
    Call("plain_reply", "poll", "poll", ("reply", 500), settings=PLAIN),
    Call("plain_balance", "balance", "balance", settings=PLAIN),
    Call("retrieve", "five-minutes", "retrieve", (NOW - timedelta(minutes=15), NOW - timedelta(minutes=10))),
    Call("retrieve", "three-windows", "retrieve", (NOW - timedelta(minutes=40), NOW - timedelta(minutes=15))),
]  # fmt: skip

CALLS = {"rcs_gateway": GATEWAY, "hanwg": HANWG, "veesing": VEESING, "yixintong": YIXINTONG, "emay": EMAY}
CREDENTIALS = {
    "rcs_gateway": {"sp_id": "999992", "password": "72Afp4FrA", "aes_key": "fCvSYdaNVIts5Tu2MzNaHEwlJTMAwxHX"},
    "hanwg": {"account": "dh18528x", "password": "correct-horse-battery"},
    "veesing": {"app_id": "2RYN7CQHL1MQXZ71", "app_key": "WVNA4A0Q9F2KJ7DD"},
    "yixintong": {"sp_code": "10000154", "app_key": "songda-user", "app_secret": "q8Zt4vKp2Lw9"},
    "emay": {"app_id": "EUCP-EMY-SMS1-7QKZ2", "secret_key": "0F3A9C7E51B2D486"},
}

# Asked of every vendor: what leaves, and what is stopped before the wire, and how.
ASKED = [
    *(submit("submit", kind, content, part_ids=PART_IDS, **EDIT) for kind, content in CONTENTS.items()),
    *(submit("submit", f"{kind}-without-a-number", CONTENTS[kind]) for kind in ("text", "card", "mms", "sms")),
    *(
        submit("submit", f"{part}-beside-a-card", CARD, fallback=fallback, **EDIT)
        for part, fallback in (("sms", FALL_SMS), ("mms", FALL_MMS), ("aim", FALL_AIM), ("h5", FALL_H5))
    ),
    *(submit("submit", f"{part}-alone", SMS, part=part) for part in ("sms", "mms", "aim")),
    *(send("send", kind, content=content, template_id="12", recipients=NAMED) for kind, content in CONTENTS.items()),
    *(send("send", f"{kind}-not-submitted", content=content, recipients=NAMED_ONE) for kind, content in CONTENTS.items()),
    *(
        send("send", f"{part}-beside-a-card", content=CARD, fallback=fallback, template_id="12", recipients=NAMED)
        for part, fallback in (("sms", FALL_SMS), ("mms", FALL_MMS), ("aim", FALL_AIM), ("h5", FALL_H5))
    ),
    send("send", "nothing-to-say"),
    send("send", "nobody", text="您好", template_id="12", recipients=[]),
    send("send", "template-without-number", content=CARD, template_id="x1"),
    send("send", "fallback-that-is-not-there", content=CARD, template_id="12", options={"callType": "1"}),
    send("send", "short-link-for-differing-texts", content=SMS_VARIABLES, recipients=NAMED, template_id="12",
         options={"short_link_url": "https://example.com/a"}),
    send("send", "short-link-without-its-place", content=SMS, template_id="12",
         options={"short_link_url": "https://example.com/a"}),
    Call("balance", "asked", "balance"),
    Call("query_template", "asked", "query_template", ("22222",)),
    Call("delete_template", "asked", "delete_template", ("22222",)),
    *(Call("poll", kind, "poll", (kind, 500)) for kind in ("receipt", "reply", "click", "review")),
    Call("confirm", "no-replies", "confirm", ("reply", b"")),
    Call("confirm", "receipts", "confirm", ("receipt", b"")),
    Call("retrieve", "ten-minutes", "retrieve", (NOW - timedelta(minutes=10), NOW)),
    Call("retrieve", "nothing", "retrieve", (NOW, NOW)),
]  # fmt: skip
