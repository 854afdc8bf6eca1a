"""The demonstration started again after people have worked in it: their work is in nobody's way."""

import pytest
from django.contrib.auth import get_user_model
from django.core.files.uploadedfile import SimpleUploadedFile

from campaigns.audiences import imports
from campaigns.models import Audience, Campaign
from campaigns.states import ImportState
from messaging import queue
from tools.demo.story import RECIPIENTS, Story

pytestmark = pytest.mark.django_db


@pytest.fixture
def story():
    """While it waits, it does the work of the workers."""
    return Story("", None, lambda line: None, rest=queue.run_waiting)


def test_a_file_that_somebody_left_unfinished_keeps_the_next_start_from_nothing(story):
    actor = get_user_model().objects.create_user("huodong")
    audience = story.audience(actor)
    assert audience.size == 1880
    left = SimpleUploadedFile("新会员.csv", "手机号\n13900000001\n".encode(), "text/csv")
    imports.start_import(audience, left, actor)
    assert story.audience(actor) == audience
    states = dict(audience.imports.values_list("file_name", "state"))
    assert states == {RECIPIENTS.name: ImportState.DONE, "新会员.csv": ImportState.UPLOADED}


def test_a_start_that_was_broken_off_goes_on_with_its_own_file(story):
    actor = get_user_model().objects.create_user("huodong")
    audience = Audience.objects.create(name="十一月会员")
    file = SimpleUploadedFile(RECIPIENTS.name, RECIPIENTS.read_bytes(), "text/csv")
    imports.start_import(audience, file, actor)
    assert story.audience(actor).size == 1880
    assert audience.imports.count() == 1


def test_it_was_told_when_all_of_its_campaigns_have_started():
    from django.utils import timezone

    from tests.campaigns.conftest import Maker
    from tools.demo import vendors

    make = Maker()
    names = [vendors.CAMPAIGN, *(small.campaign for small in vendors.SMALL)]
    for name in names:
        assert not vendors.told()
        Campaign.objects.filter(pk=make.campaign().pk).update(name=name, started_at=timezone.now())
    assert vendors.told()
