from campaigns.models.api import (
    ApiToken,
    FirstUse,
    IdempotentCall,
    SystemNotices,
    SystemUse,
    WebhookDelivery,
    WebhookEndpoint,
)
from campaigns.models.audiences import Audience, AudienceImport, AudienceMember, ImportProblem
from campaigns.models.campaigns import Approval, Campaign
from campaigns.models.decisions import DecidedRequest
from campaigns.models.figures import BalanceReading, DailyFigures, DispatchFigures
from campaigns.models.people import PasswordNote, RoleGrant
from campaigns.models.prefixes import OperatorPrefix
from campaigns.models.preflight import Again, CostEstimate, CostLine, Obstacle, PreflightReport, VariantCount
from campaigns.models.trail import AuditEvent, ExportRecord

__all__ = [
    "Again",
    "ApiToken",
    "Approval",
    "Audience",
    "AudienceImport",
    "AudienceMember",
    "AuditEvent",
    "BalanceReading",
    "Campaign",
    "CostEstimate",
    "CostLine",
    "DailyFigures",
    "DecidedRequest",
    "DispatchFigures",
    "ExportRecord",
    "FirstUse",
    "IdempotentCall",
    "ImportProblem",
    "Obstacle",
    "OperatorPrefix",
    "PasswordNote",
    "PreflightReport",
    "RoleGrant",
    "SystemNotices",
    "SystemUse",
    "VariantCount",
    "WebhookDelivery",
    "WebhookEndpoint",
]
