"""People and content that the tests of templates share."""

import pytest
from django.contrib.auth import get_user_model
from django.contrib.auth.models import Permission
from django.utils import translation

from templates_5g import hooks, services

TEXT = {"kind": "text", "text": "您好，${姓名}", "suggestions": []}
SMS = {"sms": {"text": "${姓名}，满300减50，拒收请回复R"}}


@pytest.fixture(autouse=True)
def _english_and_own_folder(settings, tmp_path):
    settings.MEDIA_ROOT = tmp_path
    settings.LANGUAGE_CODE = "en"
    with translation.override("en"):
        yield


@pytest.fixture
def fill_hook(monkeypatch):
    """Fill a hook for one test: fill_hook("prices", lambda: [...])."""
    return lambda name, function: monkeypatch.setattr(getattr(hooks, name), "function", function)


def person(name, *permissions):
    user = get_user_model().objects.create_user(name, is_staff=True)
    user.user_permissions.set(Permission.objects.filter(codename__in=permissions))
    return user


@pytest.fixture
def marketer(db):
    codes = [f"{deed}_{model}" for deed in ("add", "change", "view") for model in ("messagetemplate", "mediaasset")]
    return person("mei", *codes)


@pytest.fixture
def looker(db):
    return person("lan", "view_messagetemplate", "view_mediaasset")


@pytest.fixture
def stranger(db):
    return person("wu")


@pytest.fixture
def version(marketer):
    return services.create_template("会员日", "marketing", TEXT, SMS, marketer)


@pytest.fixture
def empty_library(db, fill_hook):
    """No asset, and no account that has anything to say."""
    fill_hook("account_problems", None)
