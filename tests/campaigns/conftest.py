"""A campaign ready to be checked, without a sandbox: account, signature, approved version, imported audience."""

from decimal import Decimal
from importlib import import_module

import pytest
from django.utils import timezone

from campaigns.models import Audience, AudienceImport, AudienceMember, Campaign
from campaigns.states import ImportState
from messaging.models import Signature, TemplateReview, VendorAccount
from messaging.states import AccountStatus, ReviewStatus
from templates_5g.models import MessageTemplate, TemplateVersion

CARD = {
    "kind": "card",
    "orientation": "VERTICAL",
    "alignment": "",
    "title_style": [],
    "description_style": [],
    "card": {"title": "会员日", "description": "${姓名}，满300减50", "media": None, "suggestions": []},
    "suggestions": [],
}
TEXT = {"kind": "text", "text": "${姓名}您好，余额${余额}", "suggestions": []}


class Maker:
    """Rows as the pages would have made them. `people`: (phone, variables) or (phone, variables, operator)."""

    def __init__(self):
        self.number = 0

    def name(self, word):
        self.number += 1
        return f"{word}{self.number}"

    def account(self, vendor="rcs_gateway", **values):
        values = {"status": AccountStatus.OK, "batch_size": 3, "per_second": Decimal("10"), **values}
        credentials = import_module(f"messaging.vendors.{vendor}.sandbox").SANDBOX.credentials
        return VendorAccount.objects.create(
            name=self.name("账号"),
            vendor=vendor,
            credentials=dict(credentials),
            **{"base_url": "http://127.0.0.1:1", **values},
        )

    def signature(self):
        return Signature.objects.create(text=self.name("商城"), cmcc="filed", cucc="filed", ctcc="filed")

    def version(self, content=TEXT, fallback=None, purpose="marketing"):
        template = MessageTemplate.objects.create(name=self.name("模板"), purpose=purpose)
        return TemplateVersion.objects.create(
            template=template, number=1, kind=content["kind"], content=content, fallback=fallback or {}
        )

    def approve(self, version, account, **values):
        return TemplateReview.objects.create(
            version=version,
            account=account,
            part="main",
            status=ReviewStatus.APPROVED,
            **{"vendor_template_id": "t1", **values},
        )

    def audience(self, people, *, invalid=0, duplicate=0, state=ImportState.DONE, audience=None):
        audience = audience or Audience.objects.create(
            name=self.name("人群"), consent_source="门店登记", consent_on=timezone.localdate()
        )
        source = AudienceImport.objects.create(
            audience=audience,
            file_name="名单.csv",
            sha256="0" * 64,
            state=state,
            rows=len(people) + invalid + duplicate,
            stored=len(people),
            invalid=invalid,
            duplicate=duplicate,
        )
        AudienceMember.objects.bulk_create(
            AudienceMember(
                audience=audience,
                source=source,
                phone=person[0],
                variables=person[1],
                operator=person[2] if len(person) > 2 else "cmcc",
                line=line,
            )
            for line, person in enumerate(people, 2)
        )
        Audience.objects.filter(pk=audience.pk).update(size=len(people))
        audience.refresh_from_db()
        return audience

    def campaign(
        self, people=None, *, content=TEXT, fallback=None, purpose="marketing", vendor="rcs_gateway", **values
    ):
        account = values.pop("account", None) or self.account(vendor)
        version = values.pop("version", None) or self.version(content, fallback, purpose)
        audience = values.pop("audience", None) or self.audience(people if people is not None else self.people(7))
        if not TemplateReview.objects.filter(version=version, account=account).exists():
            self.approve(version, account)
        return Campaign.objects.create(
            name=self.name("活动"),
            version=version,
            audience=audience,
            account=account,
            signature=values.pop("signature", None) or self.signature(),
            **values,
        )

    def people(self, count, first=13800000001):
        return [(str(first + n), {"姓名": f"客{n}", "余额": str(n % 2)}) for n in range(count)]


@pytest.fixture
def make(db):
    return Maker()


@pytest.fixture
def door(db, run_queue, settings, tmp_path):
    """The page of recipients; files lie in a folder of the test's own."""
    from tests.campaigns.doors import Door

    settings.MEDIA_ROOT = tmp_path / "media"
    return Door(run_queue)
