"""One look over a message: does it parse, what stands against it, which variables and media it names."""

from collections.abc import Mapping
from dataclasses import dataclass

from templates_5g import hooks
from templates_5g.blocks import Content, Fallback, Problem, errors, parse_content, parse_fallback
from templates_5g.blocks.checks import check, media_ids
from templates_5g.blocks.variables import MOST_VARIABLES, names_of
from templates_5g.errors import InvalidContent
from templates_5g.linter import Finding, Message, lint
from templates_5g.models import MediaAsset
from templates_5g.selectors import assets_by_id, media_info


@dataclass(frozen=True)
class Inspection:
    """`shape` are problems of the JSON itself: with any, `content` is only what could be read and nothing is saved.
    `standing` are the checks' problems, `findings` everything as findings, vendors' and linter's included."""

    content: Content
    fallback: Fallback
    shape: list[Problem]
    standing: list[Problem]
    findings: list[Finding]
    variables: list[str]
    assets: Mapping[str, MediaAsset]

    @property
    def hard(self) -> list[Finding]:
        """What must be mended before the version can go to an audit: errors that hold for every account."""
        return [finding for finding in self.findings if finding.problem.severity == "error" and not finding.account]


def read(content: object, fallback: object) -> tuple[Content, Fallback]:
    """Parse both or raise InvalidContent with the problems of their shape."""
    parsed, problems = parse_content(content)
    parsed_fallback, more = parse_fallback(fallback)
    if problems or more:
        raise InvalidContent([*problems, *more])
    return parsed, parsed_fallback


def standing_problems(content: Content, fallback: Fallback, purpose: str) -> list[Problem]:
    """The checks' problems, media looked up in one query."""
    assets = assets_by_id(media_ids(content.dump(), fallback.dump()))
    media = {key: media_info(asset) for key, asset in assets.items()}
    return check(content, fallback, purpose, media=media)


def require_sound(content: Content, fallback: Fallback, purpose: str) -> None:
    """Raise InvalidContent if a hard limit is broken or something required is missing."""
    found = errors(standing_problems(content, fallback, purpose))
    if found:
        raise InvalidContent(found)


def inspect(content: object, fallback: object, purpose: str, longest: Mapping[str, int] | None = None) -> Inspection:
    """Everything that can be said about untrusted JSON; never raises for what it holds."""
    parsed, shape = parse_content(content)
    parsed_fallback, more = parse_fallback(fallback)
    shape = [*shape, *more]
    dumped = (parsed.dump(), parsed_fallback.dump())
    assets = assets_by_id(media_ids(*dumped))
    media = {key: media_info(asset) for key, asset in assets.items()}
    standing = check(parsed, parsed_fallback, purpose, media=media)
    findings = [Finding(problem) for problem in shape + standing]
    variables = names_of(*dumped)
    if not shape and len(variables) <= MOST_VARIABLES:
        findings += lint(Message(parsed, parsed_fallback, purpose, media, longest or {}))
        findings += _of_accounts(parsed, parsed_fallback, purpose)
    return Inspection(parsed, parsed_fallback, shape, standing, findings, variables[:MOST_VARIABLES], assets)


def _of_accounts(content: Content, fallback: Fallback, purpose: str) -> list[Finding]:
    return [
        Finding(problem, account=entry.account)
        for entry in hooks.account_problems(content, fallback, purpose)
        for problem in entry.problems
    ]
