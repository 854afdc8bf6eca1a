"""The media library over HTTP: grid, upload with and without JavaScript, one file's page."""

import json

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from templates_5g import hooks, services
from templates_5g.models import MediaAsset
from tests.forms import saved
from tests.templates_5g import files
from tests.templates_5g.test_version_page import Page

pytestmark = pytest.mark.django_db

LIBRARY = "/admin/templates_5g/mediaasset/"


def upload(client, data=None, name="a.png", **headers):
    file = SimpleUploadedFile(name, files.picture() if data is None else data, "text/plain")
    return client.post(f"{LIBRARY}upload/", {"file": file}, headers=headers)


@pytest.fixture
def mei(client, marketer):
    client.force_login(marketer)
    return client


def test_an_upload_answers_with_the_item(mei):
    answer = upload(mei).json()
    asset = MediaAsset.objects.get(is_thumbnail=False)
    assert answer["id"] == str(asset.pk)
    assert (answer["mime"], answer["width"], answer["height"], answer["existing"]) == ("image/png", 60, 40, False)
    assert answer["url"] == f"/m/{asset.key}.png"
    assert mei.get(answer["thumb"])["Content-Type"] == "image/jpeg"
    assert upload(mei).json()["existing"] is True


def test_a_refused_upload_says_why(mei):
    response = upload(mei, b"<svg onload=alert(1)>")
    assert (response.status_code, "SVG" in response.json()["message"]) == (400, True)
    response = mei.post(f"{LIBRARY}upload/", {})
    assert (response.status_code, response.json()["message"]) == (400, "Choose a file first.")
    page = upload(mei, b"", Accept="text/html")
    assert page.url == LIBRARY
    assert "empty" in mei.get(LIBRARY).content.decode()


def test_a_form_without_javascript_comes_back_to_the_grid(mei):
    assert upload(mei, Accept="text/html,application/xhtml+xml").url == LIBRARY
    html = mei.get(LIBRARY)
    assert "a.png" in html.content.decode()
    assert Page(html).bad == []


def test_the_grid_is_searched_filtered_and_paged(mei, marketer, monkeypatch, django_assert_num_queries):
    for number in range(5):
        upload(mei, files.picture(size=(60 + number, 40)), f"春{number}.png")
    upload(mei, files.mp3(), "歌.mp3")
    items = mei.get(f"{LIBRARY}list/", {"type": "audio"}).json()["items"]
    assert [item["name"] for item in items] == ["歌.mp3"]
    assert [item["name"] for item in mei.get(f"{LIBRARY}list/", {"q": "春3"}).json()["items"]] == ["春3.png"]
    monkeypatch.setattr("templates_5g.admin.media.PAGE", 4)
    first = mei.get(f"{LIBRARY}list/", {"q": ""}).json()
    rest = mei.get(first["next"]).json()
    assert (len(first["items"]), len(rest["items"]), rest["next"]) == (4, 2, None)
    assert not {item["id"] for item in first["items"]} & {item["id"] for item in rest["items"]}
    services.archive_media(MediaAsset.objects.get(name="歌.mp3"), marketer)
    assert "歌.mp3" not in mei.get(LIBRARY).content.decode()
    assert "歌.mp3" in mei.get(LIBRARY, {"archived": "1"}).content.decode()


def test_the_grid_costs_the_same_for_one_file_and_for_ten(mei, django_assert_num_queries):
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    upload(mei)
    mei.get(LIBRARY)
    with CaptureQueriesContext(connection) as few:
        mei.get(LIBRARY)
    count = len(few)
    for number in range(9):
        upload(mei, files.picture(size=(70 + number, 40)), f"{number}.png")
    with django_assert_num_queries(count):
        mei.get(LIBRARY)


def test_a_file_page_shows_where_it_is_used(mei, marketer, fill_hook):
    asset_id = upload(mei).json()["id"]
    content = {"kind": "card", "card": {"title": "t", "media": {"asset": asset_id}}}
    version = services.create_template("用图", "notice", content, {}, marketer)
    fill_hook("media_uses", lambda ids: {ids[0]: [hooks.Use("5G-主账号", state="30 天后到期")]})
    page = mei.get(f"{LIBRARY}{asset_id}/change/")
    html = page.content.decode()
    assert Page(page).bad == []
    assert f"/admin/templates_5g/templateversion/{version.pk}/change/" in html
    assert "30 天后到期" in html
    response = mei.post(f"{LIBRARY}{asset_id}/delete-file/", follow=True)
    assert "archive it instead" in response.content.decode()
    assert MediaAsset.objects.filter(pk=asset_id).exists()


def test_a_file_is_renamed_fitted_archived_and_deleted(mei):
    asset_id = upload(mei, files.picture(size=(1200, 1200), noise=True)).json()["id"]
    url = f"{LIBRARY}{asset_id}/change/"
    saved(mei, url, {"deed": "rename", "name": "新名.png"})
    assert MediaAsset.objects.get(pk=asset_id).name == "新名.png"
    response = mei.post(url, {"deed": "fit", "width": "900", "height": "504", "kilobytes": "50"})
    copy = MediaAsset.objects.get(name="新名-900x504.jpg", is_thumbnail=False)
    assert response.url == f"{LIBRARY}{copy.pk}/change/"
    assert copy.size <= 50 * 1024
    assert "Give width and height together." in mei.post(url, {"deed": "fit", "width": "900"}).content.decode()
    assert "Say how large" in mei.post(url, {"deed": "fit"}).content.decode()
    mei.post(url, {"deed": "archive"})
    assert MediaAsset.objects.get(pk=asset_id).archived_at
    mei.post(url, {"deed": "restore"})
    assert "gone for good" in mei.get(f"{LIBRARY}{asset_id}/delete-file/").content.decode()
    assert MediaAsset.objects.filter(pk=asset_id).exists()
    assert mei.post(f"{LIBRARY}{asset_id}/delete-file/").url == LIBRARY
    assert not MediaAsset.objects.filter(pk=asset_id).exists()


def test_sound_gets_a_thumbnail_of_at_most_ten_kilobytes(mei):
    sound = upload(mei, files.mp3(), "歌.mp3").json()["id"]
    picture = upload(mei, files.picture(size=(900, 600), noise=True), "图.png").json()["id"]
    mei.post(f"{LIBRARY}{sound}/change/", {"deed": "thumbnail", "picture": picture})
    assert MediaAsset.objects.get(pk=sound).thumbnail.size <= 10 * 1024


def test_the_editor_crops_by_json(mei):
    asset_id = upload(mei, files.picture(size=(1200, 1200))).json()["id"]
    body = json.dumps({"asset": asset_id, "width": 900, "height": 504})
    answer = mei.post(f"{LIBRARY}fit/", body, content_type="application/json").json()
    assert (answer["width"], answer["height"], answer["id"] != asset_id) == (900, 504, True)
    for bad in ({"asset": "x"}, {"asset": asset_id, "width": 5, "height": 5}, {"asset": asset_id, "bytes": 3}, {}):
        response = mei.post(f"{LIBRARY}fit/", json.dumps(bad), content_type="application/json")
        assert (response.status_code, list(response.json())) == (400, ["message"])


def test_who_may_only_look_cannot_add_or_change(client, looker, stranger, marketer):
    client.force_login(marketer)
    asset_id = upload(client).json()["id"]
    client.force_login(looker)
    assert client.get(LIBRARY).status_code == client.get(f"{LIBRARY}{asset_id}/change/").status_code == 200
    assert upload(client, files.mp3(), "b.mp3").status_code == 403
    assert client.post(f"{LIBRARY}{asset_id}/change/", {"deed": "archive"}).status_code == 403
    assert client.post(f"{LIBRARY}fit/", "{}", content_type="application/json").status_code == 403
    assert client.post(f"{LIBRARY}{asset_id}/delete-file/").status_code == 403
    client.force_login(stranger)
    for path in ("", "list/", f"{asset_id}/change/"):
        assert client.get(LIBRARY + path).status_code == 403
    assert MediaAsset.objects.filter(is_thumbnail=False, archived_at=None).count() == 1


def frame(client, asset, seconds="2.0", data=None):
    file = SimpleUploadedFile("frame.jpg", files.picture("JPEG") if data is None else data)
    return client.post(f"{LIBRARY}frame/", {"asset": asset, "seconds": seconds, "file": file})


@pytest.mark.parametrize(
    ("said", "kept"), [("2.04", 2.0), ("NaN", None), ("Infinity", None), ("-1", None), ("x", None)]
)
def test_a_frame_of_a_film_answers_with_the_film(mei, said, kept):
    film = upload(mei, files.film(seconds=0), "a.mp4").json()
    assert (film["thumb"], film["thumbnail"], film["seconds"]) == ("", "", None)
    answer = frame(mei, film["id"], said).json()
    picture = MediaAsset.objects.get(is_thumbnail=True)
    assert (answer["id"], answer["thumbnail"], answer["seconds"]) == (film["id"], str(picture.pk), kept)
    assert mei.get(answer["thumb"]).status_code == 200


def test_a_refused_frame_says_why(mei, client, looker):
    film = upload(mei, files.film(), "a.mp4").json()
    assert "frame of the film" in frame(mei, film["id"], data=b"<svg/>").json()["message"]
    assert frame(mei, "999").json()["message"] == "This file is not in the media library."
    assert mei.post(f"{LIBRARY}frame/", {"asset": film["id"]}).json()["message"] == "Choose a file first."
    assert mei.get(f"{LIBRARY}frame/").status_code == 405
    client.force_login(looker)
    assert frame(client, film["id"]).status_code == 403
    assert MediaAsset.objects.get().thumbnail is None
