"""The vendors that are installed: every folder below messaging.vendors. Adding one is adding a folder."""

import importlib
import pkgutil
from collections.abc import Mapping
from functools import lru_cache

from messaging.gateway.vendor import Vendor


class UnknownVendor(LookupError):
    """No vendor of this code is installed."""


def register(vendors: dict[str, type[Vendor]], vendor: type[Vendor]) -> None:
    """Add one; the same code twice is a mistake that must not be silent."""
    if vendor.code in vendors:
        raise ValueError(f"Two vendors call themselves {vendor.code}")
    vendors[vendor.code] = vendor


@lru_cache(maxsize=1)
def all_vendors() -> Mapping[str, type[Vendor]]:
    """code -> class, in alphabetical order. Each folder's `adapter` module has one `VENDOR`."""
    import messaging.vendors as package

    found: dict[str, type[Vendor]] = {}
    for module in sorted(pkgutil.iter_modules(package.__path__), key=lambda info: info.name):
        if module.ispkg:
            register(found, importlib.import_module(f"{package.__name__}.{module.name}.adapter").VENDOR)
    return found


def vendor_class(code: str) -> type[Vendor]:
    """Raises UnknownVendor."""
    try:
        return all_vendors()[code]
    except KeyError as error:
        raise UnknownVendor(code) from error
