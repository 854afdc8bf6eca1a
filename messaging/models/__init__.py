from messaging.models.accounts import AccountPace, Chatbot, Lease, PollState, Signature, VendorAccount
from messaging.models.calls import VendorCall
from messaging.models.deliveries import Delivery
from messaging.models.dispatches import Attempt, Batch, Dispatch
from messaging.models.inbox import CannedAnswer, KeywordRule
from messaging.models.media import VendorMedia
from messaging.models.receipts import CallbackEvent, Receipt
from messaging.models.replies import Click, Reply
from messaging.models.reviews import TemplateReview
from messaging.models.suppressions import Suppression, SuppressionImport, SuppressionProblem

__all__ = [
    "AccountPace",
    "Attempt",
    "Batch",
    "CallbackEvent",
    "CannedAnswer",
    "Chatbot",
    "Click",
    "Delivery",
    "Dispatch",
    "KeywordRule",
    "Lease",
    "PollState",
    "Receipt",
    "Reply",
    "Signature",
    "Suppression",
    "SuppressionImport",
    "SuppressionProblem",
    "TemplateReview",
    "VendorAccount",
    "VendorCall",
    "VendorMedia",
]
