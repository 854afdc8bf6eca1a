"""Why a colleague has to agree before something is sent: the limits of the policy, and what is new or at unusual hours."""

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from campaigns.models import Approval
from kit import display
from messaging.models import SendingPolicy
from templates_5g.states import Purpose

# `people` and `cost` name the limit that is passed, `outside_hours` the window of the policy and the campaign's own.
SENTENCES: dict[str, str | Promise] = {
    "people": gettext_lazy("more than %(limit)s people"),
    "cost": gettext_lazy("may cost more than %(limit)s"),
    "people_today": gettext_lazy("with today's orders of this version by this system more than %(limit)s people"),
    "cost_today": gettext_lazy("with today's orders of this version by this system may cost more than %(limit)s"),
    "first_use": gettext_lazy("this template version was never sent before"),
    "outside_hours": gettext_lazy("%(purpose)s outside %(window)s: it may go out %(own)s"),
}


@dataclass(frozen=True)
class Reason:
    """`key` is one of SENTENCES."""

    key: str
    params: Mapping[str, str]

    @property
    def sentence(self) -> str:
        params = dict(self.params)
        if self.key == "outside_hours":
            params["purpose"] = str(Purpose(params["purpose"]).label)
            params["own"] = params["own"] or _("at any hour, day and night")
        return str(SENTENCES[self.key]) % params

    def dumped(self) -> Mapping[str, object]:
        """As JSON keeps it; `load` reads it."""
        return {"key": self.key, "params": dict(self.params)}

    @classmethod
    def load(cls, kept: Mapping[str, Any]) -> "Reason":
        return cls(kept["key"], kept["params"])


def above_limits(policy: SendingPolicy, people: int, cost: Decimal | None, suffix: str = "") -> list[Reason]:
    """The limits of people and of cost that are passed; a cost that is not known passes none. `suffix`: "_today" where orders of a
    day are counted together."""
    found = []
    if policy.approve_people is not None and people > policy.approve_people:
        found.append(Reason(f"people{suffix}", {"limit": display.count(policy.approve_people)}))
    if policy.approve_cost is not None and cost is not None and cost > policy.approve_cost:
        found.append(Reason(f"cost{suffix}", {"limit": display.money(policy.approve_cost)}))
    return found


def sentences(approval: Approval) -> list[str]:
    """Why it was asked for."""
    return [Reason.load(kept).sentence for kept in approval.snapshot["because"]]
