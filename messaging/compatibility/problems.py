"""What an account's vendor cannot carry of a version."""

from collections.abc import Mapping

from messaging.compatibility import media_transfer
from messaging.gateway.registry import vendor_class
from messaging.gateway.types import Submission
from messaging.models import Chatbot, TemplateReview, VendorAccount
from messaging.states import ReviewStatus
from templates_5g.blocks import Problem
from templates_5g.models import TemplateVersion


def problems_for(
    version: TemplateVersion,
    account: VendorAccount,
    *,
    options: Mapping[str, object] | None = None,
    chatbot: Chatbot | None = None,
) -> list[Problem]:
    """What the account's vendor cannot carry or warns of, before anything is submitted; media are looked at too. With what
    was chosen, what only that shows is among them."""
    vendor = vendor_class(account.vendor)(account.config)
    draft = TemplateReview(
        version=version,
        account=account,
        part="main",
        chatbot=chatbot,
        options=dict(options or {}),
        vendor_template_id=known_id(version, account, "main"),
    )
    return vendor.check_submission(submission_of(draft)) + media_transfer.media_problems(version, account)


def submission_of(review: TemplateReview) -> Submission:
    version = review.version
    known = TemplateReview.objects.filter(
        version=version, account=review.account, live=True, status=ReviewStatus.APPROVED
    ).exclude(pk=review.pk)
    return Submission(
        name=version.template.name,
        part=review.part,
        content=version.blocks,
        fallback=version.fallback_blocks,
        signature=review.signature.text if review.signature else "",
        media=media_transfer.media_for(version, review.account),
        part_ids=dict(known.values_list("part", "vendor_template_id")),
        sender=review.chatbot.vendor_id if review.chatbot else "",
        template_id=review.vendor_template_id,
        options=review.options,
    )


def known_id(version: TemplateVersion, account: VendorAccount, part: str) -> str:
    """Where submitting is an edit: the vendor's id of this template, from whichever version had it last."""
    if not edits(account):
        return ""
    known = TemplateReview.objects.filter(version__template=version.template_id, account=account, part=part)
    return (
        known.exclude(vendor_template_id="").order_by("-pk").values_list("vendor_template_id", flat=True).first() or ""
    )


def edits(account: VendorAccount) -> bool:
    return vendor_class(account.vendor).capabilities.edits
