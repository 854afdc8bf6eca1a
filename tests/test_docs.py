"""The guides say what is so: what they link to, show and tell people to run is there."""

import re
from pathlib import Path

import pytest
from django.core.management import get_commands
from PIL import Image

ROOT = Path(__file__).parents[1]
READMES = sorted(ROOT.glob("README*.md"))
PAGES = [*READMES, *sorted((ROOT / "docs").rglob("*.md"))]
PICTURES = sorted((ROOT / "docs" / "pictures").glob("*.png"))
LINK = re.compile(r"\]\(([^)\s]+)\)")
HEADING = re.compile(r"^#+ +(.+)$", re.MULTILINE)
REGISTRIES = ("pypi.", "pythonhosted", "npmjs", "registry.", "jsdelivr", "unpkg", "docker.io", "aliyuncs", "tsinghua")

guides = pytest.mark.parametrize("guide", PAGES, ids=lambda guide: str(guide.relative_to(ROOT)))


def links(page: Path) -> list[str]:
    return [link for link in LINK.findall(page.read_text()) if "://" not in link]


def anchors(page: Path) -> set[str]:
    """The fragments that a reader's browser makes of the headings."""
    kept = (re.sub(r"[^\w\s-]", "", text.lower()) for text in HEADING.findall(page.read_text()))
    return {re.sub(r"\s", "-", text.strip()) for text in kept}


def test_the_guides_are_there():
    names = {page.name for page in PAGES}
    wanted = {"README.zh-CN.md", "marketing.md", "campaigns.md", "support.md", "administrators.md", "developers.md"}
    assert wanted <= names
    assert PICTURES


@guides
def test_every_link_leads_somewhere(guide):
    for link in links(guide):
        path, _, fragment = link.partition("#")
        target = (guide.parent / path).resolve() if path else guide
        assert target.exists(), f"{guide.name}: {link}"
        if fragment:
            assert fragment in anchors(target), f"{guide.name}: {link}"


def test_every_guide_is_in_the_index():
    index = {link.partition("#")[0] for link in links(ROOT / "docs" / "README.md")}
    assert {page.name for page in (ROOT / "docs").glob("*.md")} - {"README.md"} <= index


@guides
def test_every_command_exists(guide):
    text = guide.read_text()
    named = set(re.findall(r"manage\.py ([a-z_]+)", text))
    assert named <= set(get_commands()), guide.name
    targets = set(re.findall(r"^([a-z-]+):(?!=)", (ROOT / "Makefile").read_text(), re.MULTILINE))
    assert set(re.findall(r"(?:`|^)make ([a-z-]+)", text, re.MULTILINE)) <= targets, guide.name


@guides
def test_every_file_that_is_named_exists(guide):
    named = set(
        re.findall(
            r"`((?:campaigns|config|kit|messaging|templates_5g|tests|tools|static|locale)/[\w./-]+\.\w+)`",
            guide.read_text(),
        )
    )
    assert {path for path in named if not (ROOT / path).exists()} == set()


@pytest.mark.parametrize("readme", READMES, ids=lambda readme: readme.name)
def test_the_two_commands(readme):
    text = readme.read_text()
    assert re.findall(r"^make ([a-z-]+)", text, re.MULTILINE) == ["demo", "test"]


@guides
def test_no_address_of_a_registry_and_no_path_of_a_machine(guide):
    text = guide.read_text()
    assert [name for name in REGISTRIES if name in text.lower()] == []
    assert re.findall(r"(?<![\w.])/(?:home|root|work|tmp|Users|mnt)/[\w/.-]*", text) == []


def test_the_pictures_are_small_and_all_shown():
    shown = {Path(link).name for page in PAGES for link in links(page)}
    assert {picture.name for picture in PICTURES} - shown == set()
    assert sum(picture.stat().st_size for picture in PICTURES) < 6_000_000


@pytest.mark.parametrize("kind", ["text", "card", "carousel", "file", "place", "mms", "sms"])
def test_each_kind_is_pictured_light_and_dark_wide_and_narrow(kind):
    for scheme in ("light", "dark"):
        for size, width in (("wide", 1400), ("narrow", 390)):
            with Image.open(ROOT / "docs" / "pictures" / f"editor-{kind}-{scheme}-{size}.png") as picture:
                assert picture.width == width
