"""Who of an audience gets it and who does not, as one SQL expression: the report counts it, `create` stores it.

Both ask the same rows, so the report and the deliveries cannot disagree about a rule.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.utils import timezone

from campaigns.models import AudienceImport, Campaign
from campaigns.preflight.specs import Variant, seed
from campaigns.states import ImportState
from kit import sql
from messaging.eligibility import scope
from messaging.models import SendingPolicy
from messaging.sending.create import drawn
from messaging.sending.spec import DispatchSpec, Message
from messaging.states import OWN_UNSENT
from templates_5g.blocks.variables import PATTERN, VENDOR_VARIABLES
from templates_5g.limits import SMS_PART, SMS_SINGLE

LONGEST_VARIABLE = 200
_SQL = sql.beside(__file__)


@dataclass(frozen=True)
class Consent:
    """How consent is proven. `of_all`: the audience has a proof that holds for everybody; `of_each`: some file has each number's
    own, and `named_source`: the audience says where those of no named source come from."""

    of_all: bool
    of_each: bool = False
    named_source: bool = False


@dataclass(frozen=True)
class AudienceQuery:
    """Recipients: members of an audience. `imports` are the files that count. What was handed over before is judged as of
    `now`, and a consent of a later day is none. `consent` None: not asked for. An empty `operators` means any."""

    audience: int
    imports: Sequence[int]
    now: datetime
    consent: Consent | None = None
    operators: Sequence[str] = ()
    # Who got the template within so many days, in another run, gets nothing; 0: they do.
    skip_same_days: int = 0
    # Only who falls into [from, to) of a hundred parts; and only whom `only` allows: a condition on m.
    share: tuple[int, int] | None = None
    seed: int = 0
    only: sql.Fragment | None = None

    @property
    def most(self) -> int | None:
        if self.only is not None:
            return None
        return int(_SQL["members_of_files"].value(audience=self.audience, imports=tuple(self.imports)))

    def query(self, spec: DispatchSpec) -> sql.Fragment:
        return _SQL["in_order"].given(members=self.members(spec))

    def members(self, spec: DispatchSpec) -> sql.Fragment:
        """Columns phone, variables, operator, outcome ("" = to be sent), text, units (of the SMS): one row for each member."""
        message, consent = spec.message, self.consent or Consent(of_all=True)
        capped = spec.capped(SendingPolicy.current())
        caps = [(cap.count, cap.since(self.now)) for cap in capped.caps]
        first, second = (*caps, (None, None), (None, None))[:2]
        lately = self.now - timedelta(days=self.skip_same_days) if self.skip_same_days else None
        start, end = self.share or (0, 100)
        return _SQL["members"].given(
            audience=self.audience,
            imports=tuple(self.imports),
            run_id=spec.origin.run_id,
            in_force=scope.in_force_sql("s", message.account.pk, message.signature.pk if message.signature else None),
            consented=consent.of_all,
            own_consent=consent.of_each,
            named_source=consent.named_source,
            today=timezone.localdate(self.now),
            capped=bool(caps),
            out_for_caps=_SQL["out_since"].given(since=min((since for _count, since in caps), default=None)),
            first_cap=first[0],
            first_since=first[1],
            second_cap=second[0],
            second_since=second[1],
            purpose=capped.purpose,
            once_in_days=bool(message.version and lately),
            out_lately=_SQL["out_since"].given(since=lately),
            template=message.version.template_id if message.version else None,
            unsent=OWN_UNSENT,
            some_operators=bool(self.operators),
            operators=tuple(self.operators),
            variables_are_bad=_bad_variables(message.variables),
            text=_filled(message.text_of_batch),
            units=_units(message),
            undivided=self.share is None,
            drawn=drawn("m.phone", self.seed),
            part_from=start,
            part_until=end,
            only=self.only or sql.Fragment("TRUE"),
        )


def _bad_variables(names: Sequence[str]) -> sql.Fragment:
    """Whether one of the variables is empty or too long. A builder: how many there are is the version's affair."""
    parts = [_SQL["length_is_bad"].given(variable=_variable(name), longest=LONGEST_VARIABLE) for name in names]
    return sql.joined(" OR ", parts) if parts else sql.Fragment("FALSE")


def _variable(name: str) -> sql.Fragment:
    return _SQL["variable"].given(name=name, path=f'$."{name}"', escaped_path=f'$."{json.dumps(name)[1:-1]}"')


def _filled(text: str) -> sql.Fragment:
    """A text with its variables. What a vendor fills by itself stays as it is. A builder: see above."""
    parts = []
    for index, piece in enumerate(PATTERN.split(text)):
        if index % 2 == 1 and piece not in VENDOR_VARIABLES:
            parts.append(_variable(piece))
        elif piece:
            parts.append(sql.Fragment(":said", {"said": f"${{{piece}}}" if index % 2 == 1 else piece}))
    return sql.joined(" || ", parts) if parts else sql.Fragment("''")


def _units(message: Message) -> sql.Fragment:
    if not message.sms_text:
        return sql.Fragment("0")
    text = _SQL["utf16_length"].given(text=_filled(message.sms_text))
    length = sql.Fragment("(:text + :extra)", {"text": text, "extra": message.signature_length})
    return _SQL["units"].given(length=length, single=SMS_SINGLE, part=SMS_PART)


def confirmed_imports(campaign: Campaign) -> list[int]:
    done = campaign.audience.imports.filter(state=ImportState.DONE)
    return list(done.order_by("pk").values_list("pk", flat=True))


def _has_own_consents(imports: Sequence[int]) -> bool:
    mappings = AudienceImport.objects.filter(pk__in=imports).values_list("mapping", flat=True)
    return any("consent_on" in mapping for mapping in mappings)


def query_for(campaign: Campaign, variant: Variant, imports: Sequence[int], now: datetime) -> AudienceQuery:
    """`imports` are the files that count: those confirmed at the check, so that a later file changes nothing."""
    audience, consent = campaign.audience, None
    if campaign.needs_consent:
        of_all = audience.has_consent(timezone.localdate(now))
        consent = Consent(of_all, _has_own_consents(imports), bool(audience.consent_source))
    return AudienceQuery(
        audience=audience.pk,
        imports=imports,
        now=now,
        consent=consent,
        operators=campaign.operators,
        skip_same_days=campaign.skip_same_days,
        share=variant.share,
        seed=seed(campaign),
    )
