"""Which column is what: guessed from names, from cells, or remembered from a file with the same header."""

from collections import Counter
from typing import Any

from campaigns.audiences.imports.operators import normalise
from campaigns.audiences.imports.sentences import ImportRefused
from campaigns.models import AudienceImport
from kit.tables import headers
from kit.tables.cells import tidy

_CONSENT_DAY = ("同意日期", "同意时间", "授权日期", "授权时间", "consentdate", "consenton")
_CONSENT_SOURCE = ("同意来源", "授权来源", "同意渠道", "授权渠道", "consentsource")
_PARTS = ("手机", "电话", "号码", "mobile", "phone", "msisdn")
_MAX_NAME = 40
# Each is a line of the page on which columns are chosen.
MOST_COLUMNS = 200

Mapping = dict[str, Any]


def check_header(header: list[str]) -> list[str]:
    """The names without blanks around them. Raises ImportRefused for a number in it or a name that stands twice."""
    if len(header) > MOST_COLUMNS:
        raise ImportRefused("many_columns", columns=len(header), limit=MOST_COLUMNS)
    names = [tidy(name.replace("\0", ""))[:80] for name in header]
    for name in names:
        if headers.like_a_number(name):
            raise ImportRefused("no_header", value=f"{name[:3]}…")
    for name, times in Counter(filter(None, names)).items():
        if times > 1:
            first = names.index(name)
            raise ImportRefused("column_twice", name=name, first=first + 1, second=names.index(name, first + 1) + 1)
    return names


def guess(header: list[str], preview: list[list[str]]) -> Mapping:
    """{"phone": index, "variables": {name: index}}, with "consent_on" and "consent_source" where there are such: as for the
    last file with this header, else by name, else by the cells. Raises ImportRefused where no column looks like phone numbers."""
    known = AudienceImport.objects.filter(header=header).exclude(mapping={}).order_by("-id").first()
    if known:
        return dict(known.mapping)
    phone = _by_name(header, preview)
    if phone is None:
        raise ImportRefused("no_phone", columns="、".join(filter(None, header)))
    consent = _consent(header)
    taken = {phone, *consent.values()}
    named = {name: index for index, name in enumerate(header) if index not in taken and usable_name(name)}
    return {"phone": phone, "variables": named, **consent}


def _consent(header: list[str]) -> dict[str, int]:
    """The columns of each number's own consent, by name alone; a source without a date proves nothing."""
    plain = [headers.plain(name) for name in header]
    day = next((plain.index(name) for name in _CONSENT_DAY if name in plain), None)
    source = next((plain.index(name) for name in _CONSENT_SOURCE if name in plain), None)
    if day is None:
        return {}
    return {"consent_on": day} | ({} if source is None else {"consent_source": source})


def _by_name(header: list[str], preview: list[list[str]]) -> int | None:
    plain = [headers.plain(name) for name in header]
    for wanted in headers.PHONE_NAMES:
        if wanted in plain:
            return plain.index(wanted)
    looks = [sum(bool(normalise(row[index])[0]) for row in preview if index < len(row)) for index in range(len(header))]
    best = max(range(len(header)), key=lambda index: looks[index])
    if looks[best]:
        if not plain[best]:
            raise ImportRefused("phone_unnamed")
        return best
    return next((index for index, name in enumerate(plain) if any(part in name for part in _PARTS)), None)


def usable_name(name: str) -> bool:
    """Whether `${name}` can stand in a template."""
    return 0 < len(name) <= _MAX_NAME and not set(name) & set('${}"\\\r\n')


def checked(mapping: Mapping, header: list[str]) -> Mapping:
    """The mapping as chosen by a person, made sure of. Raises ImportRefused."""
    width = range(len(header))
    phone, variables = mapping.get("phone"), mapping.get("variables") or {}
    if phone not in width or not all(index in width for index in variables.values()):
        raise ImportRefused("bad_columns")
    for name in variables:
        if not usable_name(name):
            raise ImportRefused("variable_name", name=name)
    return {"phone": phone, "variables": dict(variables), **_checked_consent(mapping, header)}


def _checked_consent(mapping: Mapping, header: list[str]) -> dict[str, int]:
    given = {name: mapping[name] for name in ("consent_on", "consent_source") if mapping.get(name) is not None}
    if not given:
        return {}
    indexes = list(given.values())
    if "consent_on" not in given or mapping["phone"] in indexes or len(set(indexes)) < len(indexes):
        raise ImportRefused("consent_columns")
    if not set(indexes) <= set(range(len(header))):
        raise ImportRefused("bad_columns")
    return given
