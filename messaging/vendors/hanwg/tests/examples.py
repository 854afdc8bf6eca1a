"""The six examples of document 001, section 4, as our own blocks; the document's bodies lie in samples/."""

import json
from pathlib import Path
from typing import Any

from messaging.gateway.contract_suite import content, fallback, submission
from messaging.gateway.types import Media, Submission

SAMPLES = Path(__file__).parent.parent / "samples"
CHATBOT = "a92e43085a0049ba8928b61fa04eeee"

REPLY = {"kind": "reply", "label": "Y", "data": "回执操作"}
DIAL = {"kind": "dial", "label": "普通拨号", "data": "回执操作", "phone": "15766666666"}
LINK = {
    "kind": "open_url",
    "label": "打开链接",
    "data": "回执操作",
    "url": "https://www.baidu.com",
    "application": "browser",
}
COMPOSE = {"kind": "compose", "label": "短信草稿", "data": "回执操作", "phone": "15766666666", "text": "消息内容"}
CALENDAR = {
    "kind": "calendar",
    "label": "设置日历",
    "data": "回执操作",
    "start": "2022-12-08",
    "end": "2022-12-09",
    "title": "结婚纪念日",
    "description": "5201314",
}
PLACE = {
    "kind": "show_place",
    "label": "地理位置/展示位置",
    "data": "回执操作",
    "latitude": "39.915031",
    "longitude": "116.403978",
    "place": "标签",
}
SHOW = {**PLACE, "label": "展示位置", "place": "天安门"}
FIND = {"kind": "find_place", "label": "查询位置", "data": "回执操作", "query": "天安门"}
STYLES = {"title_style": ["bold"], "description_style": ["italics"]}


def _card(
    title: str, description: str, height: str = "TALL", asset: str = "1", button: dict = COMPOSE
) -> dict[str, Any]:
    media = {"asset": asset, "height": height}
    return {"title": title, "description": description, "media": media, "suggestions": [button]}


CONTENT: dict[str, dict[str, Any]] = {
    "text": {"kind": "text", "text": "回复Y确认订阅", "suggestions": [REPLY]},
    "file_sms": {"kind": "file", "media": {"asset": "1"}, "suggestions": [REPLY, DIAL, LINK]},
    "card_aim": {"kind": "card", "card": _card("卡片的标题", "卡片描述"), "suggestions": [LINK, PLACE], **STYLES},
    "carousel_ch5": {
        "kind": "carousel",
        "cards": [
            _card("卡片1标题", "卡片1描述"),
            _card("卡片2标题", "卡片2描述", height="SHORT", asset="2", button=CALENDAR),
        ],
        "suggestions": [LINK],
        **STYLES,
    },
    "place_video_sms": {
        "kind": "place",
        "latitude": "39.915031",
        "longitude": "116.403978",
        "label": "展示信息",
        "suggestions": [SHOW, FIND],
    },
    "card_variables": {
        "kind": "card",
        "card": _card("卡片${title}", "卡片${description}"),
        "suggestions": [LINK, PLACE],
        **STYLES,
    },
}
FALLBACK: dict[str, dict[str, Any]] = {
    "file_sms": {"sms": {"text": "给您发了一条5G消息"}},
    "card_aim": {"aim": {"text": "详情 ${dh_rcs_aim}"}},
    "carousel_ch5": {"h5": {"text": "给您发了一条5G消息,请点击链接访问:${dh_rcs_h5_url}"}},
    "place_video_sms": {"mms": {"title": "视信", "frames": [{"seconds": 5, "text": "您好"}]}},
    "card_variables": {"aim": {"text": "详情 ${dh_rcs_aim}"}},
}
PART_IDS: dict[str, dict[str, str]] = {
    "card_aim": {"aim": "975e96f1cad84f739e855e9027754ae4"},
    "place_video_sms": {"mms": "14aad893e72d425aba81b380102fb7f5"},
    "card_variables": {"aim": "d738580ee47b4ef88c90b947b5eecad7"},
}
MEDIA_IDS: dict[str, dict[str, str]] = {
    "file_sms": {"1": "9e3f0bb74ea24100a1aad260aa65db31"},
    "card_aim": {"1": "1038b2ec9cc941a98e5f8c4d691457f6"},
    "carousel_ch5": {"1": "material_001", "2": "material_002"},
    "card_variables": {"1": "material_000001"},
}
NAMES = tuple(CONTENT)


def sample(name: str) -> dict[str, Any]:
    return json.loads((SAMPLES / f"{name}.json").read_text())


def example(name: str, /, **changes: Any) -> Submission:
    """The submission that must come out as the document's body."""
    body = sample(name)["body"]
    media = {asset: Media(asset, "image/jpeg", 1000, vendor_id=its) for asset, its in MEDIA_IDS.get(name, {}).items()}
    basis = {
        "name": body["templateName"],
        "template_id": body["templateId"],
        "sender": CHATBOT,
        "fallback": fallback(**FALLBACK.get(name, {})),
        "part_ids": PART_IDS.get(name, {}),
        "media": media,
    }
    return submission(content(**CONTENT[name]), **{**basis, **changes})
