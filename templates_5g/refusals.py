"""What a vendor's refusal means for the writer: its words, matched to the rule that would have found it, and what to change.

The words are quoted as they came; the advice is ours, so it only says what the words plainly name. Plain Python.
"""

import re
from dataclasses import dataclass

from kit.msgids import gettext_noop as _


@dataclass(frozen=True)
class Advice:
    """`rule` is a rule of the linter or the checks, "" where the words name something that no rule can see."""

    rule: str
    message: str


# The first that matches holds, so the narrow ones stand before the wide ones.
_ADVICE: tuple[tuple[re.Pattern[str], Advice], ...] = tuple(
    (re.compile(pattern, re.IGNORECASE), Advice(rule, message))
    for pattern, rule, message in (
        (r"退订|拒收|unsubscribe", "optout.missing", _("End the SMS with 拒收请回复R.")),
        (r"相邻|连续.{0,4}变量|变量.{0,4}(相邻|连续)", "variables.adjacent", _("Put words between the variables.")),
        (
            r"变量.{0,8}(链接|网址|号码|电话)",
            "variables.link",
            _("Write the link or phone number out instead of a variable."),
        ),
        (r"营销.{0,8}变量|变量.{0,8}营销", "variables.promotional", _("Leave the variables out of the SMS.")),
        (
            r"变量|参数|占位",
            "variables.broken",
            # xgettext:no-python-brace-format
            _("Look at the variables: each is written ${name}."),
        ),
        (
            r"【|】|签名|抬头",
            "signature.in_body",
            _("Leave 【】 out of the text, and see whether the signature is filed."),
        ),
        (r"字数|超长|过长|长度|字节", "length", _("Make the text shorter.")),
        (r"图片|尺寸|比例|清晰|大小|素材", "picture.shape", _("Use a picture of the advised size, at most 2 MB.")),
        (
            r"链接|网址|域名|短链|引流|电话|号码|微信|二维码",
            "",
            _("See whether the link or number is filed; write it out in the text."),
        ),
        (r"敏感|违规|违禁|黑词|屏蔽词|涉", "", _("Find the words that were refused and say it in another way.")),
        (r"回落|兜底", "fallback.missing", _("Look at the fallback.")),
    )
)


def advice_for(words: str) -> Advice | None:
    """What to change after a refusal with these words; None where they name nothing that we know."""
    return next((advice for pattern, advice in _ADVICE if pattern.search(words)), None)
