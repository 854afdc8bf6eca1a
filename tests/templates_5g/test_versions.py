"""Making, saving, locking and copying: what may change and what never does."""

import pytest
from django.contrib.auth import get_user_model
from django.db import transaction
from django.utils import timezone

from templates_5g import services
from templates_5g.models import MediaAsset, MediaUse, MessageTemplate, TemplateVersion

pytestmark = pytest.mark.django_db

TEXT = {"kind": "text", "text": "您好，${姓名}", "suggestions": []}
SMS = {"sms": {"text": "${姓名}，满300减50，拒收请回复R"}}


@pytest.fixture
def ann():
    return get_user_model().objects.create_user("ann")


@pytest.fixture
def bob():
    return get_user_model().objects.create_user("bob")


@pytest.fixture
def version(ann):
    return services.create_template("会员日", "marketing", TEXT, SMS, ann)


def stored(version):
    return TemplateVersion.objects.get(pk=version.pk)


def draft(text, **more):
    return {"content": {**TEXT, "text": text}, "fallback": SMS, **more}


def asset(name="a.png", **values):
    defaults = {
        "name": name,
        "file": f"assets/{name}",
        "mime": "image/png",
        "extension": "png",
        "size": 1000,
        "width": 900,
        "height": 504,
        "sha256": name,
    }
    return MediaAsset.objects.create(**{**defaults, **values})


def card(*assets):
    return {"kind": "card", "card": {"title": "t", "media": {"asset": str(assets[0].pk)} if assets else None}}


def test_create_template_stores_the_first_version_complete(version, ann):
    assert (version.number, version.kind, version.variables, version.edited) == (1, "text", ["姓名"], 0)
    assert version.content == TEXT
    assert version.fallback == {**SMS, "mms": None, "aim": None, "h5": None}
    assert version.template.created_by == version.edited_by == ann
    assert not version.is_frozen


@pytest.mark.parametrize(
    ("content", "path", "rule"),
    [
        ({"kind": "fax"}, "kind", "kind"),
        ({"kind": []}, "kind", "kind"),
        ({"kind": "text", "text": ""}, "text", "required"),
        ({"kind": "text", "text": "a", "colour": "red"}, "colour", "unknown"),
        ({"kind": "card", "card": {}}, "card", "card.empty"),
        ({"kind": "card", "card": {"media": {"asset": "99"}}}, "card.media.asset", "media.unknown"),
        ({"kind": "carousel", "cards": [{"title": "a"}]}, "cards", "count"),
    ],
)
def test_create_template_refuses_by_path_and_stores_nothing(ann, content, path, rule):
    with pytest.raises(services.InvalidContent) as caught:
        services.create_template("n", "notice", content, {}, ann)
    assert [(problem.path, problem.rule) for problem in caught.value.problems] == [(path, rule)]
    assert not MessageTemplate.objects.exists()


@pytest.mark.parametrize("name", ["", "  ", "长" * 61, "会员日", " 会员日 "])
def test_a_bad_or_taken_name_is_refused(version, ann, name):
    with pytest.raises(services.NotPossible):
        services.create_template(name, "notice", TEXT, {}, ann)
    assert MessageTemplate.objects.count() == 1


@pytest.mark.parametrize("kind", ["text", "card", "carousel", "file", "place", "mms", "sms"])
def test_start_template_opens_an_empty_draft_of_each_kind(ann, kind):
    version = services.start_template(f"new {kind}", "notice", kind, ann)
    assert version.kind == version.content["kind"] == kind
    assert len(version.content.get("cards", [1, 2])) == 2


def test_saving_counts_up_and_keeps_unfinished_content(version, bob):
    saved = services.save_draft(version, {"content": {"kind": "card", "card": {}}, "fallback": {}}, 0, bob)
    assert (saved.pk, saved.edited) == (version.pk, 1)
    again = stored(version)
    assert (again.kind, again.edited, again.edited_by, again.variables) == ("card", 1, bob, [])


def test_saving_a_wrong_shape_changes_nothing(version, ann):
    with pytest.raises(services.InvalidContent):
        services.save_draft(version, {"content": {"kind": "text", "text": 5}, "fallback": {}}, 0, ann)
    assert stored(version).content == TEXT


def test_the_second_of_two_editors_gets_the_first_ones_text(version, ann, bob):
    services.save_draft(version, draft("甲"), 0, ann)
    with pytest.raises(services.StaleEdit) as caught:
        services.save_draft(version, draft("乙"), 0, bob)
    assert (caught.value.theirs.content["text"], caught.value.theirs.edited_by) == ("甲", ann)
    assert stored(version).content["text"] == "甲"
    assert services.save_draft(version, draft("乙"), 1, bob).edited == 2


def test_freezing_twice_keeps_the_first_time(version):
    services.freeze(version)
    first = stored(version).frozen_at
    services.freeze(version)
    services.freeze(stored(version))
    assert stored(version).frozen_at == first == version.frozen_at


def test_freezing_again_after_the_first_was_taken_back_locks_it(version):
    with transaction.atomic():
        services.freeze(version)
        transaction.set_rollback(True)
    assert not stored(version).is_frozen
    services.freeze(version)
    assert stored(version).is_frozen


def test_freezing_what_was_saved_meanwhile_is_refused(version, ann):
    read_before = stored(version)
    services.save_draft(version, draft("新"), 0, ann)
    with pytest.raises(services.StaleEdit):
        services.freeze(read_before)
    assert not stored(version).is_frozen


def test_freezing_a_version_that_was_locked_meanwhile_is_fine(version):
    other = stored(version)
    services.freeze(version)
    services.freeze(other)
    assert other.frozen_at == version.frozen_at


def test_unfinished_content_cannot_be_locked(version, ann):
    saved = services.save_draft(version, draft(""), 0, ann)
    with pytest.raises(services.InvalidContent) as caught:
        services.freeze(saved)
    assert caught.value.problems[0].path == "text"
    assert not stored(version).is_frozen


def test_saving_a_locked_version_makes_the_next_one(version, bob):
    services.freeze(version)
    saved = services.save_draft(version, draft("新"), 0, bob)
    assert (saved.number, saved.edited, saved.is_frozen, saved.created_by) == (2, 0, False, bob)
    assert stored(version).content == TEXT
    assert saved.content["text"] == "新"


def test_saving_a_locked_version_unchanged_makes_no_new_one(version, bob):
    services.freeze(version)
    assert services.save_draft(version, {"content": TEXT, "fallback": SMS}, 0, bob).pk == version.pk
    assert TemplateVersion.objects.count() == 1


def test_two_people_going_on_from_a_locked_version_notice_each_other(version, ann, bob):
    services.freeze(version)
    second = services.save_draft(version, draft("甲"), 0, ann)
    with pytest.raises(services.StaleEdit) as caught:
        services.save_draft(version, draft("乙"), 0, bob)
    assert caught.value.theirs == second
    assert TemplateVersion.objects.count() == 2


def test_a_draft_locked_between_reading_and_writing_stays_as_it_is(version, ann):
    TemplateVersion.objects.filter(pk=version.pk).update(frozen_at=timezone.now())
    saved = services.save_draft(version, draft("新"), 0, ann)
    assert saved.number == 2
    assert stored(version).content == TEXT


def test_copy_makes_a_template_of_its_own(version, bob):
    services.freeze(version)
    twin = services.copy(version, services.free_copy_name(version.template.name), bob)
    assert (twin.template.name, twin.number, twin.is_frozen) == ("会员日 2", 1, False)
    assert twin.content == version.content
    assert twin.template.purpose == "marketing"
    assert services.free_copy_name("会员日") == "会员日 3"


def test_an_archived_template_takes_no_edits_until_restored(version, ann):
    services.archive(version.template, ann)
    with pytest.raises(services.NotPossible):
        services.save_draft(version, draft("x"), 0, ann)
    services.restore(version.template, ann)
    assert services.save_draft(version, draft("x"), 0, ann).edited == 1


def test_the_purpose_is_fixed_once_a_version_is_locked(version, ann):
    services.change_template(version.template, name="会员日", purpose="notice", note="", actor=ann, reason="取货码")
    version.template.refresh_from_db()
    services.freeze(version)
    with pytest.raises(services.NotPossible):
        services.change_template(version.template, name="会员日", purpose="marketing", note="", actor=ann)
    assert MessageTemplate.objects.get().purpose == "notice"


def test_deleting_drafts(version, ann):
    services.freeze(version)
    with pytest.raises(services.NotPossible):
        services.delete_draft(version, ann)
    second = services.save_draft(version, draft("x"), 0, ann)
    services.delete_draft(second, ann)
    assert list(TemplateVersion.objects.values_list("number", flat=True)) == [1]
    lone = services.start_template("lone", "notice", "text", ann)
    services.delete_draft(lone, ann)
    assert not MessageTemplate.objects.filter(name="lone").exists()


def test_media_uses_follow_the_content(ann):
    first, second = asset("1.png"), asset("2.png")
    version = services.create_template("pictures", "notice", card(first), {}, ann)
    frames = {"mms": {"title": "", "frames": [{"text": "a", "media": {"asset": str(second.pk)}}]}}
    version = services.save_draft(version, {"content": card(first), "fallback": frames}, 0, ann)
    assert set(MediaUse.objects.values_list("asset", flat=True)) == {first.pk, second.pk}
    services.save_draft(version, {"content": card(), "fallback": {}}, 1, ann)
    assert not MediaUse.objects.exists()


def test_ids_that_are_no_keys_do_not_break_saving(ann):
    version = services.start_template("odd", "notice", "card", ann)
    for text in ("x", "-1", "9" * 30, "²", "1 OR 1=1"):
        content = {"kind": "card", "card": {"media": {"asset": text}}}
        version = services.save_draft(version, {"content": content, "fallback": {}}, version.edited, ann)
    assert not MediaUse.objects.exists()


def test_saving_takes_the_same_queries_for_one_picture_and_for_twelve(ann, django_assert_num_queries):
    assets = [asset(f"{number}.png") for number in range(12)]

    def save(count, version):
        cards = [{"title": "t", "media": {"asset": str(item.pk)}} for item in assets[:count]]
        content = {"kind": "carousel", "cards": cards}
        return services.save_draft(version, {"content": content, "fallback": {}}, version.edited, ann)

    version = services.start_template("many", "notice", "carousel", ann)
    with django_assert_num_queries(9) as few:
        version = save(2, version)
    with django_assert_num_queries(len(few)):
        save(12, version)


def test_differences_name_each_leaf(version, ann):
    services.freeze(version)
    changed = {"content": {**TEXT, "text": "新", "suggestions": [{"label": "好"}]}, "fallback": {}}
    second = services.save_draft(version, changed, 0, ann)
    found = [(item.path, item.before, item.after) for item in services.differences(version, second)]
    assert found == [
        ("text", "您好，${姓名}", "新"),
        ("suggestions.0", None, {"kind": "reply", "label": "好", "data": ""}),
        ("fallback.sms.text", "${姓名}，满300减50，拒收请回复R", None),
    ]


def rich(title, *labels, **more):
    buttons = [{"kind": "reply", "label": label, "data": f"{title}-{label}"} for label in labels]
    return {"title": title, "description": "", "media": None, "suggestions": buttons, **more}


def compared(old, new):
    """(path, before, after, moved) of what differs between two lists of cards, titles for whole cards."""
    one, other = (TemplateVersion(content={"kind": "carousel", "cards": cards}) for cards in (old, new))
    return [
        (item.old_path, item.new_path, _title(item.before), _title(item.after), item.moved)
        for item in services.differences(one, other)
    ]


def _title(value):
    return (value.get("title") or value["label"]) if isinstance(value, dict) else value


A, B, C = rich("A", "x", "y"), rich("B"), rich("C", "z")


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        ([A, B], [A, B], []),
        ([A, B], [C, A, B], [("", "cards.0", None, "C", False)]),
        ([A, B, C], [B, C], [("cards.0", "", "A", None, False)]),
        ([A, B, C], [B, C, A], [("cards.0", "cards.2", 1, 3, True)]),
        ([A, B, C], [C, A, B], [("cards.2", "cards.0", 3, 1, True)]),
        (
            [A, B],
            [B, {**A, "description": "new"}],
            [("cards.1", "cards.0", 2, 1, True), ("cards.0.description", "cards.1.description", None, "new", False)],
        ),
        ([A, B], [rich("Z"), B], [("cards.0.title", "cards.0.title", "A", "Z", False),
                                  ("cards.0.suggestions.0", "", "x", None, False),
                                  ("cards.0.suggestions.1", "", "y", None, False)]),
        ([A], [rich("A", "y", "x")], [("cards.0.suggestions.1", "cards.0.suggestions.0", 2, 1, True)]),
        (
            [A],
            [rich("A", "x")],
            [("cards.0.suggestions.1", "", "y", None, False)],
        ),
        ([B, B], [B], [("cards.1", "", "B", None, False)]),
    ],
)  # fmt: skip
def test_cards_and_buttons_are_matched_before_they_are_compared(old, new, expected):
    assert compared(old, new) == expected


def test_a_picture_that_came_names_its_file():
    one, other = (
        TemplateVersion(content={"kind": "card", "card": rich("A", media=media)})
        for media in (None, {"asset": "7", "height": "TALL", "thumbnail": "", "alt": ""})
    )
    found = [(item.path, item.before, item.after) for item in services.differences(one, other)]
    assert found == [("card.media.asset", None, "7"), ("card.media.height", None, "TALL")]
