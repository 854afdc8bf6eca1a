"""The doors through which a file comes in, as people use them."""

from pathlib import Path
from typing import Any

from django.core.files.uploadedfile import SimpleUploadedFile

from campaigns import roles
from campaigns.audiences import imports
from campaigns.models import AudienceImport
from messaging.models import SuppressionImport
from tests.markup import read
from tests.people import signed_in

CASES = Path(__file__).parent.parent / "cases"
AUDIENCES, SUPPRESSIONS = "/admin/campaigns/audience/", "/admin/messaging/suppression/"


class Door:
    """The page of recipients, as a campaign manager uses it."""

    def __init__(self, run_queue: Any) -> None:
        self.client = signed_in(roles.CAMPAIGNS)
        self.run_queue = run_queue

    def upload(self, data: bytes | str, name: str = "名单.csv") -> Any:
        """The answer to the upload. `data`: the file, or the name of a case."""
        if isinstance(data, str):
            data, name = (CASES / data).read_bytes(), data
        return self.client.post(f"{AUDIENCES}add/", {"name": "老客", "file": SimpleUploadedFile(name, data)})

    def looked_at(self, data: bytes | str, name: str = "名单.csv") -> AudienceImport:
        """The file once its columns can be chosen, or once it has failed."""
        answer = self.upload(data, name)
        assert answer.status_code == 302, read(answer).text
        self.run_queue()
        return AudienceImport.objects.get()

    def checked(self, data: bytes | str, name: str = "名单.csv", **more: Any) -> AudienceImport:
        """Uploaded, the guessed columns taken, checked."""
        source = self.looked_at(data, name)
        used = {f"use_{index}": "1" for index in source.mapping["variables"].values()}
        answer = self.client.post(f"{AUDIENCES}file/{source.pk}/", {"phone": source.mapping["phone"], **used, **more})
        assert answer.status_code == 302
        self.run_queue()
        source.refresh_from_db()
        assert source.rows == source.stored + source.problems.count()
        return source

    def refusal(self, data: bytes | str, name: str = "名单.csv") -> str:
        """The sentence with which a file is refused, at once or by the worker; the audience has nobody."""
        answer = self.upload(data, name)
        self.run_queue()
        if answer.status_code == 200:
            assert not AudienceImport.objects.exists()
            return " ".join(read(answer).text.split())
        source = AudienceImport.objects.get()
        assert (source.state, source.stored) == ("failed", 0)
        return str(imports.sentence(source.error))

    def page(self, source: AudienceImport) -> str:
        return str(read(self.client.get(f"{AUDIENCES}file/{source.pk}/")).text)


def people(source: AudienceImport) -> dict[str, dict[str, str]]:
    """number -> variables"""
    return dict(source.audience.members.order_by("phone").values_list("phone", "variables"))


def problems(source: AudienceImport) -> list[tuple[int, str]]:
    return list(source.problems.order_by("line").values_list("line", "reason"))


def suppressed(run_queue: Any, name: str, **more: Any) -> SuppressionImport:
    """The file of a case, taken into the do-not-send list over its page."""
    file = SimpleUploadedFile(name, (CASES / name).read_bytes())
    answer = signed_in(roles.SUPPORT).post(f"{SUPPRESSIONS}import/", {"file": file, "scope": "all", **more})
    assert answer.status_code == 302, read(answer).text
    run_queue()
    return SuppressionImport.objects.get()
