"""Figures of the code itself: `python -m tools.figures`, compared from release to release.

Counted is all Python outside tests and migrations, but for this module, which names what it looks for.
"""

import ast
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[1]
PACKAGES = ("kit", "templates_5g", "messaging", "campaigns", "config", "tools")
LONGEST_LINE, LONGEST_FILE, LONGEST_FUNCTION = 120, 400, 40
_WIDE = re.compile(r"\bAny\b|\bdict\b")
_TRICKS = re.compile(
    r"gc\.(?:freeze|disable)|setswitchinterval|DISCARD PLANS|\._state\b|ModelState|__new__|fields_cache"
    r"|close_if_health_check_failed|make_debug_cursor|register_loader"
)


@dataclass(frozen=True)
class Module:
    """`slice` is the package within the app, such as messaging.sending."""

    path: Path
    text: str
    tree: ast.Module

    @property
    def name(self) -> str:
        parts = self.path.relative_to(ROOT).with_suffix("").parts
        return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)

    @property
    def slice(self) -> str:
        return ".".join(self.name.split(".")[:2])

    def functions(self) -> Iterator[ast.FunctionDef]:
        return (node for node in ast.walk(self.tree) if isinstance(node, ast.FunctionDef))


def modules() -> list[Module]:
    found = []
    for package in PACKAGES:
        for path in sorted((ROOT / package).rglob("*.py")):
            if path != Path(__file__) and not {"tests", "migrations"} & set(path.relative_to(ROOT).parts):
                text = path.read_text(encoding="utf-8")
                found.append(Module(path, text, ast.parse(text)))
    return found


def wide_signatures(product: list[Module]) -> list[str]:
    """Functions that another slice imports and whose signature has `dict` or `Any`."""
    wide = {
        f"{module.name}.{node.name}"
        for module in product
        for node in module.tree.body
        if isinstance(node, ast.FunctionDef) and _WIDE.search(_signature(node))
    }
    slices = {module.name: module.slice for module in product}
    used = set()
    for module in product:
        for name in _imported(module, set(slices)):
            owner = name.rpartition(".")[0]
            if name in wide and slices.get(owner) != module.slice:
                used.add(name)
    return sorted(used)


def _signature(function: ast.FunctionDef) -> str:
    given = function.args
    parts = [*given.posonlyargs, *given.args, *given.kwonlyargs, given.vararg, given.kwarg]
    annotations = [one.annotation for one in parts if one is not None] + [function.returns]
    return " ".join(ast.unparse(one) for one in annotations if one is not None)


def _imported(module: Module, known: set[str]) -> Iterator[str]:
    """Dotted names that a module uses of others: by `from x import f`, and as `x.f` where x is a module of ours."""
    modules_by_name = {}
    for node in ast.walk(module.tree):
        if isinstance(node, ast.ImportFrom) and node.module:
            for alias in node.names:
                dotted = f"{node.module}.{alias.name}"
                yield dotted
                if dotted in known:
                    modules_by_name[alias.asname or alias.name] = dotted
    for node in ast.walk(module.tree):
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id in modules_by_name:
            yield f"{modules_by_name[node.value.id]}.{node.attr}"


def table() -> list[tuple[str, str]]:
    product = modules()
    texts = "\n".join(module.text for module in product)
    rest = "\n".join(module.text for module in product if module.name != "kit.sql")
    functions = [node for module in product for node in module.functions()]
    long_ones = sum((node.end_lineno or node.lineno) - node.lineno >= LONGEST_FUNCTION for node in functions)
    lines = [line for path in ROOT.glob("*/templates/**/*.html") for line in path.read_text("utf-8").splitlines()]
    wide_lines = sum(len(line) > LONGEST_LINE for line in lines)
    gerunds = [module.name for module in product if re.fullmatch(r"\w+ing", module.path.stem)]
    migrations = [path for package in PACKAGES for path in (ROOT / package).glob("migrations/0*.py")]
    return [
        ("lines of Python · functions", f"{texts.count(chr(10)):,} · {len(functions):,}"),
        ("places that make a dispatch", str(len(re.findall(r"(?<!class )\bDispatch(?:\.objects\.create)?\(", texts)))),
        ("functions used by another slice whose signature has dict or Any", str(len(wide_signatures(product)))),
        (
            "dict[str, Any] · Any as an annotation",
            f"{texts.count('dict[str, Any]')} · {len(re.findall(r': Any', texts))}",
        ),
        ("cast · type: ignore", f"{len(re.findall('(?<![a-z_])cast[(]', texts))} · {texts.count('type: ignore')}"),
        ("cursor.execute outside kit/sql.py · noqa: S608", f"{rest.count('.execute(')} · {texts.count('S608')}"),
        ("places behind Django's, the driver's or Python's back", str(len(_TRICKS.findall(texts)))),
        ("modules named by a gerund", f"{len(gerunds)} {' '.join(gerunds)}"),
        (f"functions of {LONGEST_FUNCTION} lines and more", str(long_ones)),
        (f"files above {LONGEST_FILE} lines", str(sum(module.text.count("\n") > LONGEST_FILE for module in product))),
        (f"template lines above {LONGEST_LINE} columns", f"{wide_lines} of {len(lines)}"),
        ("migrations", str(len(migrations))),
    ]


if __name__ == "__main__":
    for what, figure in table():
        print(f"| {what} | {figure} |")  # noqa: T201
