"""The structure as designed: who may import whom, where a vendor's name may stand, what the files must not hold."""

import ast
import re
import subprocess
import sys
from pathlib import Path

import pytest

from messaging.deliveries import batch_states
from messaging.gateway.registry import all_vendors
from messaging.models import Batch
from messaging.states import BatchState
from tools import figures

ROOT = Path(__file__).resolve().parent.parent


def tracked(*patterns: str) -> list[Path]:
    out = subprocess.run(
        ["git", "ls-files", "-co", "--exclude-standard", *patterns], cwd=ROOT, capture_output=True, text=True
    )
    return [ROOT / line for line in out.stdout.splitlines() if (ROOT / line).is_file()]


def test_the_layers_hold():
    done = subprocess.run([Path(sys.executable).parent / "lint-imports"], cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout[-4000:]


PRODUCT = ("kit/*.py", "templates_5g/*.py", "messaging/*.py", "campaigns/*.py", "config/*.py")


def imports(path: Path) -> set[str]:
    """Every module that a file names in its imports, and every name with the module that it comes from."""
    found = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.ImportFrom) and node.module:
            found |= {node.module, *(f"{node.module}.{alias.name}" for alias in node.names)}
        elif isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
    return found


def is_page(module: str) -> bool:
    return "admin" in module.split(".")[1:]


def test_no_slice_takes_or_gives_another_dicts_or_anything():
    assert figures.wide_signatures(figures.modules()) == []


def test_pages_are_imported_by_pages_alone():
    """A slice's pages stand beside its services, and are the top layer all the same."""
    ours = ("kit.", "templates_5g.", "messaging.", "campaigns.")
    found = [
        f"{path.relative_to(ROOT)}: {name}"
        for path in tracked(*PRODUCT)
        if not is_page(str(path.relative_to(ROOT).with_suffix("")).replace("/", "."))
        for name in sorted(imports(path))
        if name.startswith(ours) and is_page(name)
    ]
    assert found == []


def test_no_package_hides_a_module_of_its_own():
    """A name that a package imports into itself takes the place of a module of that name."""
    found = {
        str(path.relative_to(ROOT)): sorted(hidden)
        for path in tracked(*PRODUCT)
        if path.name == "__init__.py"
        and (
            hidden := {child.stem for child in path.parent.iterdir() if child.suffix == ".py" or child.is_dir()}
            & {
                alias.asname or alias.name
                for node in ast.parse(path.read_text()).body
                if isinstance(node, ast.ImportFrom)
                and node.module != path.parent.relative_to(ROOT).as_posix().replace("/", ".")
                for alias in node.names
            }
        )
    }
    assert found == {}


def test_no_module_is_named_by_a_gerund():
    """Modules are nouns or plain verbs."""
    allowed = {"messaging", "sending", "veesing"}
    found = {
        str(path.relative_to(ROOT))
        for path in tracked(*PRODUCT, "tools/*.py")
        if "/tests/" not in str(path) and "/migrations/" not in str(path)
        for part in path.relative_to(ROOT).with_suffix("").parts
        for word in part.split("_")
        if word.endswith("ing") and word not in allowed
    }
    assert found == set()


# In each vendor's folder. `envelope` is for a vendor whose requests are signed, sealed or carry keys.
MODULES = {"__init__", "adapter", "answers", "callbacks", "codes", "content_checks", "credentials", "payloads"}
OPTIONAL = {"envelope"}
FOLDERS = {"sandbox", "samples", "tests"}


def test_every_folder_of_vendors_is_installed_under_its_name():
    folders = [path.parent.name for path in (ROOT / "messaging/vendors").glob("*/__init__.py")]
    assert sorted(folders) == list(all_vendors())


@pytest.mark.parametrize("folder", [*(f"messaging/vendors/{code}" for code in all_vendors()), "tests/toy_vendors/toy"])
def test_every_vendors_folder_has_the_same_modules(folder: str):
    paths = [path.relative_to(ROOT / folder) for path in tracked(folder)]
    assert {path.stem for path in paths if len(path.parts) == 1} - OPTIONAL == MODULES
    assert {path.parts[0] for path in paths if len(path.parts) > 1} == FOLDERS


def test_what_is_a_vendors_stands_only_in_its_own_folder():
    """Its name, and the variables that it fills. Tests, docs, locale, the demo and the benchmark may name them; nothing else."""
    words = {"一信通", "亿美"}
    for code, vendor in all_vendors().items():
        words |= {code, vendor.__name__, *vendor.capabilities.own_variables}
    names = re.compile("|".join(sorted(words)))
    allowed = (
        "messaging/vendors/",
        "tests/",
        "docs/",
        "locale/",
        "tools/demo/",
        "tools/bench/",
        "README",
        "CHANGELOG",
    )
    found = [
        f"{path.relative_to(ROOT)}: {line.strip()}"
        for path in tracked("*.py", "*.html", "*.js", "*.css")
        if not str(path.relative_to(ROOT)).startswith(allowed)
        for line in path.read_text().splitlines()
        if names.search(line)
    ]
    assert found == []


@pytest.mark.parametrize("code", all_vendors())
def test_no_vendor_names_another(code: str):
    others = {word for one, vendor in all_vendors().items() if one != code for word in (one, vendor.__name__)}
    names = re.compile("|".join(sorted(others)))
    found = [
        f"{path.relative_to(ROOT)}: {line.strip()}"
        for path in tracked(f"messaging/vendors/{code}/*.py")
        for line in path.read_text().splitlines()
        if names.search(line)
    ]
    assert found == []


def test_the_locks_record_hashes_and_no_address():
    for lock in ROOT.glob("requirements*.lock"):
        text = lock.read_text()
        assert "://" not in text
        pinned = len(re.findall(r"^[A-Za-z0-9_.\[\]-]+==", text, re.MULTILINE))
        assert pinned > 20
        assert text.count("--hash=sha256:") >= pinned


def test_no_path_of_a_machine():
    pattern = re.compile(r"(^|[\s\"'=(])/(root|work|home|Users)/")
    found = [
        f"{path.relative_to(ROOT)}: {line.strip()[:100]}"
        for path in tracked("*.py", "*.md", "*.toml", "*.html", "*.js", "Makefile", ".ci/run")
        if path.name != "test_architecture.py"
        for line in path.read_text().splitlines()
        if pattern.search(line)
    ]
    assert found == []


def test_only_the_http_door_imports_requests():
    found = [
        str(path.relative_to(ROOT))
        for path in tracked(*PRODUCT)
        if re.search(r"^\s*(import requests|from requests)", path.read_text(), re.MULTILINE)
    ]
    allowed = {"messaging/gateway/http.py", "messaging/gateway/connection_watch.py"}
    assert {path for path in found if "/tests/" not in path and "sandbox" not in path} <= allowed


def test_only_the_sql_door_runs_statements():
    """Hand-written SQL stands in .sql files and goes through kit/sql.py; everything else is the ORM's."""
    pattern = re.compile(
        r"\.cursor\(|cursor\.(execute|executemany|copy)\(|\bRawSQL\b|objects\.raw\(|\.extra\(|# noqa: S608"
    )
    found = [
        path.relative_to(ROOT).as_posix()
        for path in tracked(*PRODUCT)
        if not {"migrations", "tests"} & set(path.parts) and pattern.search(path.read_text())
    ]
    assert found == ["kit/sql.py"]


def test_every_statement_stands_beside_the_module_that_asks_it():
    """`x.py` names each of `x.sql`, `x.postgresql.sql` and `x.sqlite.sql`, and no other."""
    found = {}
    for path in tracked("*.sql"):
        module = path.with_name(path.name.partition(".")[0] + ".py")
        names = set(re.findall(r"^-- name: (\w+)", path.read_text(), re.MULTILINE))
        texts = {node.value for node in ast.walk(ast.parse(module.read_text())) if isinstance(node, ast.Constant)}
        if names - texts or not names:
            found[path.relative_to(ROOT).as_posix()] = sorted(names - texts)
    assert found == {}


def test_only_env_reads_the_environment():
    pattern = re.compile(r"os\.environ\[|os\.environ\.get|os\.getenv|environ\.Env")
    found = {str(path.relative_to(ROOT)) for path in tracked(*PRODUCT) if pattern.search(path.read_text())}
    assert found <= {"config/env.py"}


@pytest.mark.django_db
def test_every_migration_is_made():
    from django.core.management import call_command

    call_command("makemigrations", "--check", "--dry-run", verbosity=0)


OURS = ("campaigns", "config", "kit", "messaging", "templates_5g", "tests", "tools")
# Of libraries: their documentation calls them, or what they stand for, public.
OF_LIBRARIES = {
    "_asdict",
    "_base_manager",
    "_default_manager",
    "_dont_enforce_csrf_checks",
    "_exit",
    "_meta",
    "_registry",
    "_replace",
}
REACHED_ALL_THE_SAME = {
    # Django takes every file of that folder whose name begins otherwise for a migration.
    "campaigns.migrations._prefixes.TABLE",
}
PATCHES = ("setattr", "delattr", "getattr", "hasattr", "setitem", "patch", "object")


def is_private(name: str) -> bool:
    return name.startswith("_") and not name.startswith("__") and name not in OF_LIBRARIES


def is_ours(name: str) -> bool:
    return name.partition(".")[0] in OURS


def names_reached(node: ast.AST) -> set[str]:
    """Dotted names that one node imports, reads or patches; of an object's names only those of another than `self`."""
    match node:
        case ast.Import():
            return {alias.name for alias in node.names if is_ours(alias.name)}
        case ast.ImportFrom(module=str(module)) if is_ours(module):
            return {f"{module}.{alias.name}" for alias in node.names}
        case ast.Attribute(value=ast.Name(id="self" | "cls")):
            return set()
        case ast.Attribute(attr=attr):
            return {attr}
        case ast.Call(args=[ast.Name(id="self" | "cls"), *_]):
            return set()
        case ast.Call(func=ast.Name(id=verb) | ast.Attribute(attr=verb), args=args) if verb in PATCHES:
            texts = [arg.value for arg in args[:2] if isinstance(arg, ast.Constant) and isinstance(arg.value, str)]
            return {text for text in texts if "." not in text or is_ours(text)}
    return set()


def private_names(text: str) -> set[str]:
    reached = {name for node in ast.walk(ast.parse(text)) for name in names_reached(node)}
    return {name for name in reached if any(is_private(part) for part in name.split("."))} - REACHED_ALL_THE_SAME


def test_tests_reach_into_no_private_name():
    """They go in by pages, HTTP, services, commands and constants, so that what lies behind can be moved and renamed."""
    paths = [path for path in tracked("*.py") if "tests" in path.relative_to(ROOT).parts[:-1]]
    assert len(paths) > 100
    found = {str(path.relative_to(ROOT)): sorted(names) for path in paths if (names := private_names(path.read_text()))}
    assert found == {}


@pytest.mark.parametrize(
    "text",
    [
        "from messaging.sending.hand_over import _take_back",
        "from campaigns.migrations._prefixes import OTHER",
        "import messaging._inside",
        "hand_over._take_back(batch, None)",
        "caller.http._account = account",
        'monkeypatch.setattr(hand_over, "_take_back", print)',
        'monkeypatch.setattr("messaging.sending.hand_over._take_back", print)',
        'mock.patch("kit.clock._now")',
        'getattr(hand_over, "_take_back")',
    ],
)
def test_each_way_to_a_private_name_is_seen(text: str):
    assert private_names(text)


@pytest.mark.parametrize(
    "text",
    [
        "from messaging.sending import hand_over as _hand_over",
        "self._take_back()",
        "Batch._meta.db_table",
        "batch.__class__",
        'monkeypatch.setattr("random._urandom", same)',
        'monkeypatch.setattr(hand_over, "STALE_SECONDS", 1)',
    ],
)
def test_what_is_not_private_or_not_ours_is_left_alone(text: str):
    assert not private_names(text)


def test_one_function_makes_dispatches_and_their_people():
    """messaging/sending/create.py: whatever is sent is a DispatchSpec. Halving a batch adds batches of people who are there
    already."""
    maker = re.compile(
        r"\b(Dispatch|Delivery)\.objects\.(create|bulk_create)\(|INSERT INTO messaging_(dispatch|delivery)\b"
    )
    found = [
        path.relative_to(ROOT).as_posix()
        for path in tracked("messaging/*.py", "campaigns/*.py", "messaging/*.sql", "campaigns/*.sql")
        if not {"migrations", "tests"} & set(path.parts) and maker.search(path.read_text())
    ]
    assert {Path(path).name.partition(".")[0] for path in found} == {"create"}
    assert len(found) == 4


def test_one_function_moves_batches():
    """Whoever writes a batch's state beside `batch_states.step` would be a second lock. SQL that begins and accepts a request is
    the exception: it writes the attempt in the same statement."""
    allowed = {"messaging/deliveries/batch_states.py", "messaging/sending/attempts.py"}
    found = []
    for path in tracked("messaging/*.py", "campaigns/*.py"):
        name = path.relative_to(ROOT).as_posix()
        for call in ast.walk(ast.parse(path.read_text())):
            if isinstance(call, ast.Call) and name not in allowed and isinstance(call.func, ast.Attribute):
                values = [word.value for word in call.keywords if word.arg == "state"]
                if call.func.attr in ("update", "save") and any("BatchState" in ast.unparse(value) for value in values):
                    found.append(f"{name}:{call.lineno}")
    assert found == []


def test_every_state_of_a_batch_stands_in_the_table():
    assert set(batch_states.STEPS) == set(BatchState)
    assert batch_states.before(BatchState.QUEUED) == (BatchState.CLAIMED, BatchState.SENDING, BatchState.UNKNOWN)
    with pytest.raises(batch_states.NoSuchStep, match="submitted -> queued"):
        batch_states.step(Batch.objects.none(), to=BatchState.QUEUED, from_=(BatchState.SUBMITTED,))
    with pytest.raises(batch_states.NoSuchStep, match="queued -> submitted"):
        batch_states.step(Batch.objects.none(), to=BatchState.SUBMITTED, from_=(BatchState.QUEUED,))
