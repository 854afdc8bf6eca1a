"""What an account needs, and what may be chosen for one send."""

from messaging.gateway.types import Field

CREDENTIALS = (
    Field("app_id", "Application"),
    Field("app_secret", "Secret", kind="secret"),
)
SETTINGS = (Field("region", "Region", kind="choice", default="north", choices=(("north", "N"), ("south", "S"))),)
SEND_OPTIONS = (Field("extra", "Extra code", required=False, pattern=r"\d{0,4}", hint="Up to four digits."),)
