"""A test to a few numbers: choose the account, fill in, see the cost, confirm once."""

from collections.abc import Mapping
from typing import Any

from django import forms
from django.contrib import messages
from django.core.exceptions import ValidationError
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from kit import display, phones
from kit.people import signed_in
from messaging import form_tokens
from messaging.accounts import declared_fields
from messaging.admin_base import Page, needs, say_error
from messaging.compatibility.problems import problems_for
from messaging.gateway.registry import vendor_class
from messaging.models import Chatbot, Signature, TemplateReview, VendorAccount
from messaging.sending import cost, test_sends
from messaging.sending.spec import Message
from messaging.states import AccountStatus, ReviewStatus
from templates_5g.blocks import errors
from templates_5g.blocks import variables as names
from templates_5g.models import TemplateVersion


class NumbersField(forms.CharField):
    """Numbers by line, blank or comma. Cleans to a list of 11-digit numbers."""

    widget = forms.Textarea(attrs={"rows": 3, "inputmode": "numeric"})

    def clean(self, value: object) -> list[str]:
        typed = [
            part for part in super().clean(value).replace(",", "\n").replace("，", "\n").split("\n") if part.strip()
        ]
        bad = [part.strip() for part in typed if not phones.clean(part)]
        if bad:
            raise ValidationError(_("Not a mobile number: %(numbers)s") % {"numbers": ", ".join(bad[:5])})
        numbers = list(dict.fromkeys(phones.clean(part) for part in typed))
        most = test_sends.MOST_NUMBERS
        if len(numbers) > most:
            raise ValidationError(_("A test goes to at most %(most)s numbers.") % {"most": most})
        return numbers


class TestForm(forms.Form):
    __test__ = False  # no test class, whatever its name says

    numbers = NumbersField(label=gettext_lazy("numbers"), help_text=gettext_lazy("One a line."))
    signature = forms.ModelChoiceField(Signature.objects.all(), label=gettext_lazy("signature"))
    chatbot = forms.ModelChoiceField(Chatbot.objects.none(), label=gettext_lazy("5G sender"), required=False)

    def __init__(self, version: TemplateVersion, account: VendorAccount, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.version, self.account = version, account
        self.options = vendor_class(account.vendor).send_options
        chatbots = Chatbot.objects.filter(account=account)
        self.fields["chatbot"].queryset = chatbots  # type: ignore[attr-defined]
        if not chatbots:
            del self.fields["chatbot"]
        self.names = names.names_of(version.content, version.fallback)
        for index, name in enumerate(self.names):
            self.fields[f"variable_{index}"] = forms.CharField(label=f"${{{name}}}", max_length=200)
        self.fields.update(declared_fields.form_fields("option", self.options, {}))

    @property
    def variables(self) -> dict[str, str]:
        return {name: self.cleaned_data[f"variable_{index}"] for index, name in enumerate(self.names)}

    @property
    def message(self) -> Message:
        """Of a valid form."""
        values = self.cleaned_data
        return Message(
            account=self.account,
            version=self.version,
            signature=values["signature"],
            chatbot=values.get("chatbot"),
            options=self.option_values,
        )

    @property
    def option_values(self) -> Mapping[str, object]:
        return declared_fields.values_of("option", self.options, self.cleaned_data)


class ConfirmedForm(TestForm):
    """The same values again, carried unseen by the confirm page."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for field in self.fields.values():
            field.widget = field.hidden_widget()


def why_not(version: TemplateVersion, account: VendorAccount) -> str:
    """Why this account cannot send this version now, "" if it can."""
    if account.status in (AccountStatus.OFF, AccountStatus.STOPPED):
        return _("The account is stopped.")
    capabilities = vendor_class(account.vendor).capabilities
    if not capabilities.max_batch:
        return _("This vendor sends nothing.")
    if errors(problems_for(version, account)):
        return _("This vendor cannot carry this version.")
    needed = "main" in capabilities.review_parts and not capabilities.review_optional
    approved = TemplateReview.objects.filter(
        version=version, account=account, part="main", live=True, status=ReviewStatus.APPROVED
    )
    return _("This version is not approved at this account.") if needed and not approved.exists() else ""


class TestSend(Page):
    """The pages of a test, under the dispatches."""

    __test__ = False

    def test_urls(self) -> list[Any]:
        return [
            self.own_url("test/<int:version_id>/", self.test_account_view, "test"),
            self.own_url("test/<int:version_id>/<int:account_id>/", self.test_view, "test_send"),
        ]

    @needs("messaging.add_dispatch")
    def test_account_view(self, request: HttpRequest, version_id: int) -> HttpResponse:
        version = get_object_or_404(TemplateVersion.objects.select_related("template"), pk=version_id)
        rows = [(account, why_not(version, account)) for account in VendorAccount.objects.all()]
        title = _("Test %(version)s: through which account?") % {"version": version}
        return self.page(request, "messaging/test_account.html", title=title, version=version, rows=rows)

    @needs("messaging.add_dispatch")
    def test_view(self, request: HttpRequest, version_id: int, account_id: int) -> HttpResponse:
        version = get_object_or_404(TemplateVersion.objects.select_related("template"), pk=version_id)
        account = get_object_or_404(VendorAccount, pk=account_id)
        purpose = f"test:{version_id}:{account_id}"
        form = TestForm(version, account, request.POST or None)
        if not form.is_valid():
            return self.page(
                request,
                "songda/form.html",
                title=_("Test %(version)s through %(account)s") % {"version": version, "account": account},
                form=form,
                note=_("It is really sent and charged. Nothing is sent before you confirm on the next page."),
                button=_("Next step"),
                back=self.address("test", version_id),
            )
        if "token" in request.POST:
            return self._send(request, version, account, form, purpose)
        people = len(form.cleaned_data["numbers"])
        units = form.message.sms_units(form.variables)
        return self.page(
            request,
            "songda/confirm.html",
            title=_("Confirm the test"),
            facts=[
                (_("Content"), version),
                (_("To"), "、".join(display.masked(phone) for phone in form.cleaned_data["numbers"])),
                (_("Vendor account"), account),
                (_("Signature"), form.cleaned_data["signature"]),
                (_("Cost"), cost.words(cost.cost(account, version, people, units))),
            ],
            warning=_("What is handed over cannot be called back. Numbers on the do-not-send list are left out."),
            form=ConfirmedForm(version, account, request.POST),
            token=form_tokens.issue(signed_in(request), purpose),
            button=_("Send to %(n)s people") % {"n": people},
            back=self.address("test_send", version_id, account_id),
        )

    def _send(
        self, request: HttpRequest, version: TemplateVersion, account: VendorAccount, form: TestForm, purpose: str
    ) -> HttpResponse:
        values = form.cleaned_data
        try:
            with transaction.atomic():
                form_tokens.spend(request.POST["token"], signed_in(request), purpose)
                dispatch = test_sends.send_test(form.message, values["numbers"], form.variables, signed_in(request))
        except (ValidationError, form_tokens.AlreadyDone, form_tokens.BadToken) as error:
            say_error(request, error)
            return redirect(self.address("test", version.pk))
        messages.success(request, _("The test is on its way to %(n)s people.") % {"n": len(values["numbers"])})
        if request.user.has_perm("messaging.view_dispatch"):
            return redirect(reverse("admin:messaging_dispatch_change", args=[dispatch.pk]))
        return redirect("admin:index")
