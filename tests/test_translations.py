"""Every sentence of the interface has its Chinese, and the compiled catalogues are those of the sources."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import polib
import pytest

ROOT = Path(__file__).resolve().parent.parent
DOMAINS = ("django", "djangojs")
LEFT_OUT = (".venv", ".git", "var", "static_built", "docs", "tests")

needs_gettext = pytest.mark.skipif(
    shutil.which("xgettext") is None, reason="gettext is not installed (package: gettext)"
)


def catalogue(folder: Path, domain: str) -> Path:
    return folder / "locale" / "zh_Hans" / "LC_MESSAGES" / f"{domain}.po"


def words(path: Path) -> dict[tuple[str | None, str], polib.POEntry]:
    return {(entry.msgctxt, entry.msgid): entry for entry in polib.pofile(str(path)) if not entry.obsolete}


@pytest.mark.parametrize("domain", DOMAINS)
def test_nothing_is_untranslated_or_uncertain(domain):
    missing = [entry.msgid for entry in words(catalogue(ROOT, domain)).values() if not entry.translated()]
    assert missing == []


# What is said in one way alone, and the other ways that would mean the same.
ONE_WORD = {"这家服务商": ("这个服务商", "此服务商", "该服务商"), "服务商处": ("服务商那边", "服务商那里")}


@pytest.mark.parametrize("domain", DOMAINS)
def test_one_thing_has_one_word(domain):
    wrong = [
        (entry.msgstr, word)
        for entry in words(catalogue(ROOT, domain)).values()
        for word, others in ONE_WORD.items()
        if any(other in entry.msgstr for other in others)
    ]
    assert wrong == []


@pytest.mark.parametrize("domain", DOMAINS)
def test_placeholders_are_the_same_in_both_languages(domain):
    import re

    marks = re.compile(r"%\([a-z_A-Z0-9]+\)[sd]|%[sd]|(?<!\$)\{[a-z_]+\}")
    wrong = [
        entry.msgid
        for entry in words(catalogue(ROOT, domain)).values()
        for said in (entry.msgstr, *entry.msgstr_plural.values())
        # Chinese has one form for all numbers, so it is held to the plural: "each minute" alone would be said of five.
        if said and set(marks.findall(entry.msgid_plural or entry.msgid)) != set(marks.findall(said))
    ]
    assert wrong == []


@pytest.mark.parametrize("domain", DOMAINS)
def test_the_compiled_catalogue_is_that_of_the_source(domain):
    path = catalogue(ROOT, domain)
    compiled = {(e.msgctxt, e.msgid): (e.msgstr, e.msgstr_plural) for e in polib.mofile(str(path.with_suffix(".mo")))}
    source = {key: (e.msgstr, e.msgstr_plural) for key, e in words(path).items() if e.translated()}
    assert compiled == source


@needs_gettext
@pytest.mark.slow
def test_every_sentence_in_the_code_is_in_the_catalogues(tmp_path):
    """`make messages` leaves nothing to do: a copy of the tree gives the same sentences."""
    copy = tmp_path / "tree"
    shutil.copytree(
        ROOT, copy, ignore=lambda folder, names: [n for n in names if Path(folder) == ROOT and n in LEFT_OUT]
    )
    env = {**os.environ, "DATA_DIR": str(tmp_path / "data")}
    for extra in ([], ["-d", "djangojs", "--ignore", "static/vendor/*"]):
        command = [
            sys.executable,
            "manage.py",
            "makemessages",
            "-l",
            "zh_Hans",
            "--no-obsolete",
            "--no-location",
            *extra,
        ]
        done = subprocess.run(command, cwd=copy, capture_output=True, text=True, env=env)
        assert done.returncode == 0, done.stderr
        assert "warning" not in done.stdout + done.stderr
    for domain in DOMAINS:
        # What only looks like a format is marked beside its string: `# xgettext:no-python-format`.
        checked = ["msgfmt", "--check-format", "-o", os.devnull, str(catalogue(copy, domain))]
        done = subprocess.run(checked, capture_output=True, text=True)
        assert done.returncode == 0, done.stderr
        found, known = set(words(catalogue(copy, domain))), set(words(catalogue(ROOT, domain)))
        assert found - known == set(), "run `make messages` and translate"
