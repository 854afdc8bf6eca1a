"""Uploads are judged by their bytes: each type found and measured, everything else refused with a sentence."""

import io
import time
from decimal import Decimal
from pathlib import Path

import pytest
from django.contrib.auth import get_user_model
from django.utils import translation
from PIL import Image, PngImagePlugin

from templates_5g import services
from templates_5g.errors import MediaRefused, NotPossible
from templates_5g.media import pictures
from templates_5g.media.file_types import GIF, JPEG, PNG
from templates_5g.models import MediaAsset
from tests.templates_5g import files

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _own_folder(settings, tmp_path):
    settings.MEDIA_ROOT = tmp_path
    with translation.override("en"):
        yield


@pytest.fixture
def ann():
    return get_user_model().objects.create_user("ann")


def add(data, name, actor):
    return services.add_upload(io.BytesIO(data), name, actor)[0]


@pytest.mark.parametrize(
    ("data", "name", "mime", "width", "height", "seconds"),
    [
        (files.picture("JPEG"), "a.jpeg", "image/jpeg", 60, 40, None),
        (files.picture("PNG"), "a.PNG", "image/png", 60, 40, None),
        (files.picture("GIF"), "a.gif", "image/gif", 60, 40, None),
        (files.picture("BMP"), "a.bmp", "image/bmp", 60, 40, None),
        (files.film(), "a.mp4", "video/mp4", 640, 360, "7.0"),
        (files.film(b"mp42"), "without ending", "video/mp4", 640, 360, "7.0"),
        (files.film(b"3gp4"), "a.3gp", "video/3gpp", 640, 360, "7.0"),
        (files.film(b"M4A ", handlers=(b"soun",)), "a.m4a", "audio/mp4", None, None, "7.0"),
        (files.film(b"isom", handlers=(b"soun",)), "a.m4a", "audio/mp4", None, None, "7.0"),
        (files.mp3(), "a.mp3", "audio/mpeg", None, None, "2.6"),
        (files.mp3(tag=files.id3()), "a.mp3", "audio/mpeg", None, None, "2.6"),
        (files.aac(), "a.aac", "audio/aac", None, None, "1.2"),
        (files.amr(), "a.amr", "audio/amr", None, None, "1.0"),
    ],
)
def test_each_type_is_found_and_measured(ann, data, name, mime, width, height, seconds):
    asset = add(data, name, ann)
    asset.refresh_from_db()
    assert (asset.mime, asset.width, asset.height) == (mime, width, height)
    assert asset.seconds == (Decimal(seconds) if seconds else None)
    kept = data.removeprefix(files.id3())
    assert (asset.size, asset.name, asset.created_by) == (len(kept), name, ann)
    assert asset.file.read() == kept


SVG = b"<?xml version='1.0'?><svg xmlns='http://www.w3.org/2000/svg'><script>alert(1)</script></svg>"


@pytest.mark.parametrize(
    ("data", "name", "words"),
    [
        (b"", "a.png", "empty"),
        (SVG, "a.png", "SVG"),
        (b"\xef\xbb\xbf \n<svg></svg>", "a.svg", "SVG"),
        (b"<!DOCTYPE html><script>1</script>", "a.png", "HTML"),
        (b"<html>", "a.jpg", "HTML"),
        (b"<note/>", "a.gif", "markup"),
        (b"%PDF-1.7", "a.pdf", "PDF"),
        (b"PK\x03\x04rest", "a.mp4", "ZIP"),
        (b"MZ\x90\x00", "a.mp3", "program"),
        (b"RIFF\0\0\0\0WEBPVP8 ", "a.webp", "WEBP"),
        (files.film(b"qt  "), "a.mov", "MOV"),
        (b"plain words", "a.txt", "not known"),
        (b"\xff", "a.mp3", "not known"),
        (b"GIF89a=1;alert(document.cookie)//", "a.gif", "damaged"),
        (b"GIF89a/*<svg onload=alert(1)>*/=1", "a.gif", "damaged"),
        (b"\x89PNG\r\n\x1a\n", "a.png", "damaged"),
        (files.picture("PNG")[:-30], "a.png", "damaged"),
        (files.picture("JPEG")[:200], "a.jpg", "damaged"),
        (b"BM" + bytes(12) + b"\x28\0\0\0" + bytes(30), "a.bmp", "damaged"),
        (b"\0\0\0\x18ftypisom\0\0\0\0isomavc1", "a.mp4", "damaged"),
        (b"#!AMR\n", "a.amr", "damaged"),
        (b"\xff\xfb" + bytes(50), "a.mp3", "damaged"),
        (files.picture("PNG"), "a.jpg", "content is PNG, but its name ends in jpg"),
        (files.picture("JPEG"), "a.svg", "content is JPEG"),
        (files.mp3(), "a.aac", "content is MP3"),
        (files.png_claiming(20_000, 20_000), "bomb.png", "too many pixels"),
        (files.png_claiming(60_000, 10), "wide.png", "too many pixels"),
        (files.png_claiming(2**31 - 1, 2**31 - 1), "huge.png", "too many pixels"),
    ],
)
def test_hostile_and_mistaken_files_are_refused_with_a_sentence(ann, data, name, words):
    started = time.monotonic()
    with pytest.raises(services.MediaRefused) as caught:
        add(data, name, ann)
    assert words in caught.value.sentence
    assert not MediaAsset.objects.exists()
    assert time.monotonic() - started < 20  # a bomb that is unpacked takes minutes


def test_refusals_have_their_border_at_ten_megabytes(ann):
    most = 10 * 1024 * 1024
    head = files.film()
    padding = most - len(head) - 8
    assert add(head + files.box(b"free", bytes(padding)), "a.mp4", ann).size == most
    with pytest.raises(services.MediaRefused) as caught:
        add(head + files.box(b"free", bytes(padding + 1)), "b.mp4", ann)
    assert "larger than 10 MB" in caught.value.sentence


@pytest.mark.parametrize(("kind", "ending"), [("JPEG", "jpg"), ("PNG", "png"), ("GIF", "gif")])
@pytest.mark.parametrize("tail", [b"PK\x03\x04" + b"z" * 90, b"<html><script>alert(1)</script>", b"\xff\xd9;\0IEND"])
def test_what_hangs_behind_a_picture_is_cut_off(ann, kind, ending, tail):
    clean = files.picture(kind, noise=True)
    assert add(clean + tail, f"a.{ending}", ann).file.read() == clean


def test_end_marks_are_found_in_every_flavour():
    progressive = io.BytesIO()
    Image.effect_noise((200, 200), 80).save(progressive, "JPEG", progressive=True, restart_marker_blocks=2)
    moving = io.BytesIO()
    frames = [Image.effect_noise((30, 30), sigma) for sigma in (10, 50, 90)]
    frames[0].save(moving, "GIF", save_all=True, append_images=frames[1:])
    for data, kind in ((progressive.getvalue(), JPEG), (moving.getvalue(), GIF), (files.picture("PNG"), PNG)):
        assert pictures.without_tail(data + b"tail", kind) == data
        assert pictures.without_tail(data, kind) == data


def test_a_thumbnail_of_at_most_ten_kilobytes_is_made(ann):
    asset = add(files.picture("PNG", (1600, 1200), noise=True), "noise.png", ann)
    assert asset.thumbnail.size <= 10 * 1024
    with Image.open(asset.thumbnail.file) as small:
        assert (small.format, max(small.size) <= 320) == ("JPEG", True)
    assert asset.thumbnail.is_thumbnail


def test_the_same_bytes_are_kept_once(ann):
    first, new = services.add_upload(io.BytesIO(files.picture()), "a.png", ann)
    second, again = services.add_upload(io.BytesIO(files.picture()), "b.png", ann)
    assert (first.pk, new, again) == (second.pk, True, False)
    services.archive_media(first, ann)
    assert services.add_upload(io.BytesIO(files.picture()), "a.png", ann)[0].archived_at is None


def test_a_picture_is_cropped_and_compressed_on_request(ann):
    asset = add(files.picture("PNG", (1200, 1200), noise=True), "square.png", ann)
    copy = services.make_fitting(asset, ann, size=(900, 504), most_bytes=40 * 1024)
    assert copy.pk != asset.pk
    assert copy.size <= 40 * 1024
    assert copy.width / copy.height == pytest.approx(900 / 504, rel=0.02)
    assert copy.name == "square-900x504.jpg"


def test_cropping_never_blows_a_picture_up(ann):
    asset = add(files.picture("PNG", (300, 300)), "small.png", ann)
    copy = services.make_fitting(asset, ann, size=(900, 504))
    assert (copy.width, copy.height) == (300, 168)


def test_only_pictures_are_cropped_and_only_sensibly(ann):
    sound = add(files.mp3(), "a.mp3", ann)
    image = add(files.picture(), "a.png", ann)
    for asset, size in ((sound, (900, 504)), (image, (0, 5)), (image, (99999, 10))):
        with pytest.raises(services.NotPossible):
            services.make_fitting(asset, ann, size=size)


def test_a_used_file_cannot_be_deleted_but_archived(ann, django_capture_on_commit_callbacks):
    asset = add(files.picture(), "a.png", ann)
    content = {"kind": "card", "card": {"title": "t", "media": {"asset": str(asset.pk)}}}
    version = services.create_template("n", "notice", content, {}, ann)
    with pytest.raises(services.NotPossible):
        services.delete_media(asset, ann)
    services.archive_media(asset, ann)
    with pytest.raises(services.InvalidContent) as caught:
        services.freeze(version)
    assert caught.value.problems[0].rule == "media.unusable"
    free = add(files.mp3(), "b.mp3", ann)
    path = free.file.path
    with django_capture_on_commit_callbacks(execute=True):
        services.delete_media(free, ann)
    assert not Path(path).exists()


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("../../etc/pass.png", "pass.png"),
        ("C:\\x\\图.png", "图.png"),
        ("a\0b\n.png", "ab.png"),
        ("", "file"),
        (".png", ".png"),
    ],
)
def test_names_are_only_names(ann, name, shown):
    assert add(files.picture(), name, ann).name == shown


def test_the_public_address_serves_the_file_without_login(ann, client):
    asset = add(files.picture(), "a.png", ann)
    address = services.public_url(asset)
    assert address == f"http://127.0.0.1:8000/m/{asset.key}.png"
    path = f"/m/{asset.key}.png"
    response = client.get(path)
    assert b"".join(response.streaming_content) == files.picture()
    assert response["Content-Type"] == "image/png"
    assert response["X-Content-Type-Options"] == "nosniff"
    assert response["Content-Security-Policy"] == "default-src 'none'; sandbox"
    head = client.head(path)
    assert (head.status_code, head["Content-Length"]) == (200, str(asset.size))
    assert client.post(path).status_code == 405
    assert client.get(path.replace(".png", ".html")).status_code == 404
    assert client.get(f"/m/{asset.pk}.png").status_code == 404


@pytest.mark.parametrize(
    ("asked", "status", "first", "last"),
    [
        ("bytes=0-9", 206, 0, 9),
        ("bytes=10-", 206, 10, None),
        ("bytes=-5", 206, -5, None),
        ("bytes=3-99999999", 206, 3, None),
        ("bytes=-99999999", 206, 0, None),
        ("bytes=99999999-", 416, 0, 0),
        ("bytes=-0", 416, 0, 0),
        ("bytes=9-3", 200, 0, None),
        ("bytes=0-1,4-5", 200, 0, None),
        ("bytes=-", 200, 0, None),
        ("lines=0-1", 200, 0, None),
    ],
)
def test_players_ask_for_a_part(ann, client, asked, status, first, last):
    data = files.film()
    asset = add(data, "a.mp4", ann)
    response = client.get(f"/m/{asset.key}.mp4", headers={"Range": asked})
    assert response.status_code == status
    assert response["Content-Security-Policy"] == "default-src 'none'; sandbox"
    if status == 416:
        assert (response.content, response["Content-Range"]) == (b"", f"bytes */{len(data)}")
        return
    body = b"".join(response.streaming_content) if response.streaming else response.content
    assert body == data[first : None if last is None else last + 1]
    if status == 206:
        start = len(data) - len(body) if last is None else first
        assert response["Content-Range"] == f"bytes {start}-{start + len(body) - 1}/{len(data)}"


def test_a_thumbnail_is_named_after_its_file(ann):
    assert add(files.picture(size=(900, 504), noise=True), "会员日.png", ann).thumbnail.name == "会员日.jpg"
    film = add(files.film(), "film.mp4", ann)
    services.give_frame(film, io.BytesIO(files.picture()), None, ann)
    assert film.thumbnail.name == "film.jpg"


def test_a_film_whose_head_says_no_length_is_taken(ann):
    assert add(files.film(seconds=0), "a.mp4", ann).seconds is None


def test_a_frame_from_the_browser_is_checked_and_made_small(ann):
    film = add(files.film(seconds=0), "a.mp4", ann)
    services.give_frame(film, io.BytesIO(files.picture(size=(640, 360), noise=True)), 7.26, ann)
    film.refresh_from_db()
    assert (film.thumbnail.mime, film.thumbnail.is_thumbnail) == ("image/jpeg", True)
    assert film.thumbnail.size <= 10 * 1024
    assert film.seconds == Decimal("7.3")
    services.give_frame(film, io.BytesIO(files.picture()), 99.0, ann)
    film.refresh_from_db()
    assert film.seconds == Decimal("7.3")


@pytest.mark.parametrize(
    "data", [b"", b"<svg/>", files.mp3(), files.picture()[:60], b"\xff\xd8\xff" + bytes(2_000_000)]
)
def test_a_frame_that_is_no_picture_is_refused(ann, data):
    film = add(files.film(), "a.mp4", ann)
    with pytest.raises(MediaRefused):
        services.give_frame(film, io.BytesIO(data), None, ann)
    film.refresh_from_db()
    assert film.thumbnail is None


@pytest.mark.parametrize(("data", "name"), [(files.picture(), "a.png"), (files.mp3(), "a.mp3")])
def test_only_films_have_frames(ann, data, name):
    with pytest.raises(NotPossible, match="Only a film"):
        services.give_frame(add(data, name, ann), io.BytesIO(files.picture()), None, ann)


def test_a_file_lost_from_the_store_is_not_found(ann, client):
    asset = add(files.picture(), "a.png", ann)
    asset.file.storage.delete(asset.file.name)
    assert client.get(f"/m/{asset.key}.png").status_code == 404


# --- what a file tells beside what it shows ------------------------------------------------------------------------------------

PLACE = b"+31.2304+121.4737"


def telling(kind, orientation=1):
    """A photograph, red on the left and blue on the right, with its place, its camera, a note and a colour profile."""
    image = Image.new("RGB", (60, 40), "#ff0000")
    image.paste("#0000ff", (30, 0, 60, 40))
    exif = Image.Exif()
    exif[0x0112] = orientation
    exif[0x010F] = "Camera of Wang"
    exif.get_ifd(0x8825)[29] = PLACE.decode()
    more = {"exif": exif, "icc_profile": b"a profile of colours"}
    if kind == "JPEG":
        more |= {"comment": PLACE, "xmp": PLACE, "quality": 95}
    else:
        notes = PngImagePlugin.PngInfo()
        notes.add_text("Location", PLACE.decode())
        notes.add_itxt("XML:com.adobe.xmp", PLACE.decode(), zip=False)
        more["pnginfo"] = notes
    out = io.BytesIO()
    image.save(out, kind, **more)
    return out.getvalue()


def corner(data):
    """The colour at the top left, to the nearest of red and blue."""
    red, _green, blue = Image.open(io.BytesIO(data)).convert("RGB").getpixel((1, 1))
    return "red" if red > blue else "blue"


@pytest.mark.parametrize("kind", ["JPEG", "PNG"])
@pytest.mark.parametrize(
    ("orientation", "size", "top_left"),
    [
        (1, (60, 40), "red"),
        (2, (60, 40), "blue"),
        (3, (60, 40), "blue"),
        (4, (60, 40), "red"),
        (5, (40, 60), "red"),
        (6, (40, 60), "red"),
        (7, (40, 60), "blue"),
        (8, (40, 60), "blue"),
        (9, (60, 40), "red"),
    ],
)
def test_a_photograph_tells_nothing_but_what_it_shows_and_stands_upright(ann, kind, orientation, size, top_left):
    taken = telling(kind, orientation)
    assert PLACE in taken
    assert b"Camera of Wang" in taken
    asset = add(taken, f"a.{kind.lower()}", ann)
    stored = asset.file.read()
    assert PLACE not in stored
    assert b"Camera of Wang" not in stored
    assert (asset.width, asset.height) == size == Image.open(io.BytesIO(stored)).size
    assert corner(stored) == top_left
    assert asset.size == len(stored)
    assert Image.open(io.BytesIO(stored)).info["icc_profile"] == b"a profile of colours"
    assert len(Image.open(io.BytesIO(stored)).getexif()) == 0
    assert services.add_upload(io.BytesIO(taken), "again.png" if kind == "PNG" else "again.jpg", ann) == (asset, False)


def test_an_upright_photograph_is_not_drawn_anew(ann):
    taken = telling("JPEG")
    stored = add(taken, "a.jpg", ann).file.read()
    scan = taken.index(b"\xff\xda")
    assert stored.endswith(taken[scan:])
    assert Image.open(io.BytesIO(stored)).tobytes() == Image.open(io.BytesIO(taken)).tobytes()


def test_a_moving_picture_moves_on_and_tells_nothing(ann):
    frames = [Image.new("RGB", (60, 40), colour) for colour in ("red", "lime", "blue")]
    out = io.BytesIO()
    frames[0].save(out, "GIF", save_all=True, append_images=frames[1:], duration=80, loop=0, comment=PLACE)
    xmp = b"\x21\xff\x0bXMP DataXMP" + bytes([len(PLACE)]) + PLACE + b"\x00"
    taken = out.getvalue()[:-1] + xmp + b"\x3b"
    stored = add(taken, "a.gif", ann).file.read()
    assert PLACE not in stored
    moving = Image.open(io.BytesIO(stored))
    assert (moving.n_frames, moving.info["loop"], moving.info["duration"]) == (3, 0, 80)


@pytest.mark.parametrize(("brand", "name"), [(b"isom", "a.mp4"), (b"3gp4", "a.3gp")])
def test_a_film_forgets_where_and_when_it_was_taken(ann, brand, name):
    plain = files.film(brand)
    place = files.box(b"udta", files.box(b"\xa9xyz", b"\x00\x11\x15\xc7" + PLACE))
    keys = files.box(b"meta", bytes(4) + PLACE)
    moov = plain.index(b"moov") - 4
    size = int.from_bytes(plain[moov : moov + 4], "big")
    inner = plain[moov + 8 : moov + size] + place + keys
    dated = inner.replace(b"mvhd" + bytes(12), b"mvhd" + bytes(4) + b"\xe1\x23\x45\x67" * 2, 1)
    taken = plain[:moov] + files.box(b"moov", dated) + plain[moov + size :] + files.box(b"uuid", bytes(16) + PLACE)
    asset = add(taken, name, ann)
    stored = asset.file.read()
    assert PLACE not in stored
    assert b"\xe1\x23\x45\x67" not in stored
    assert len(stored) == len(taken)  # so that the film's tables still point at its pictures
    assert (asset.seconds, asset.width, asset.height) == (Decimal("7.0"), 640, 360)


@pytest.mark.parametrize(("sound", "name"), [(files.mp3(10), "a.mp3"), (files.aac(10), "a.aac")])
@pytest.mark.parametrize(
    ("place", "number"), [(place, n) for place, found in files.tags(b"").items() for n in range(len(found))]
)
def test_a_sound_keeps_its_frames_and_loses_its_tags(ann, sound, name, place, number):
    tag = files.tags(b"Wang " + PLACE)[place][number]
    half = len(sound) // 2
    taken = {"before": tag + sound, "between": sound[:half] + tag + sound[half:], "behind": sound + tag}[place]
    asset = add(taken, name, ann)
    assert asset.file.read() == sound
    plain, is_new = services.add_upload(io.BytesIO(sound), name, ann)
    assert (plain, is_new) == (asset, False)
    assert asset.size == len(sound)


def test_what_follows_the_frames_and_is_no_tag_stays(ann):
    """A damaged frame is no reason to lose the rest of a sound."""
    sound = files.mp3(5) + b"\x00 damaged \x00" + files.mp3(5)
    stored = add(files.id3() + sound + files.tags(PLACE)["behind"][0], "a.mp3", ann).file.read()
    assert stored == sound


@pytest.mark.parametrize("name", [b"\xa9nam", b"\xa9ART", b"\xa9cmt", b"----"])
def test_a_sound_of_the_phone_forgets_its_title_and_who_spoke(ann, name):
    plain = files.film(b"M4A ", handlers=(b"soun",))
    names = files.box(b"ilst", files.box(name, files.box(b"data", bytes(8) + PLACE)))
    moov = plain.index(b"moov") - 4
    size = int.from_bytes(plain[moov : moov + 4], "big")
    told = files.box(b"udta", files.box(b"meta", bytes(4) + names)) + files.box(b"free", PLACE)
    taken = plain[:moov] + files.box(b"moov", plain[moov + 8 : moov + size] + told) + plain[moov + size :]
    taken += files.box(b"skip", PLACE)
    asset = add(taken, "a.m4a", ann)
    stored = asset.file.read()
    assert PLACE not in stored
    assert len(stored) == len(taken)
    assert asset.seconds == Decimal("7.0")


@pytest.mark.filterwarnings("ignore::UserWarning")
def test_heads_that_lie_about_their_length_are_no_way_in(ann):
    """Cut anywhere, and with every length byte turned: a sentence or a file, never a breakdown."""
    tag = files.tags(PLACE)
    sounds = [files.mp3(1), files.aac(1)]
    wholes = [telling("JPEG", 6), telling("PNG", 6)]
    wholes += [tag["before"][2] + sound + tag["between"][4] + sound + tag["behind"][7] for sound in sounds]
    for whole in wholes:
        for at in range(2, min(len(whole), 400), 3):
            for data in (whole[:at], whole[:at] + b"\xff" + whole[at + 1 :], whole[:at] + b"\x00" + whole[at + 1 :]):
                try:
                    services.add_upload(io.BytesIO(data), "a", ann)
                except MediaRefused:
                    continue
