from campaigns.models.audiences import Audience, AudienceImport, AudienceMember, ImportProblem
from campaigns.models.campaigns import Approval, Campaign
from campaigns.models.prefixes import OperatorPrefix
from campaigns.models.trail import AuditEvent

__all__ = [
    "Approval",
    "Audience",
    "AudienceImport",
    "AudienceMember",
    "AuditEvent",
    "Campaign",
    "ImportProblem",
    "OperatorPrefix",
]
