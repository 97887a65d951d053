"""Readers of an inventory entry's settings, for connectors that speak HTTP.

Each returns the setting in its type, or raises ConfigError naming the setting and what it must be.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from typing import Any
from urllib.parse import urlsplit

from connectors.errors import ConfigError
from connectors.isolation import is_loopback
from connectors.model import CollectionSpec, Secret, SystemSpec


def base_url(spec: SystemSpec, default: str = "", name: str = "base_url") -> str:
    """The address of the vendor's API, without a slash at its end: https, or anything on loopback."""
    url = str(spec.settings.get(name) or default).rstrip("/")
    if not urlsplit(url).hostname:
        raise ConfigError(spec.system, f"setting {name!r} must be the address of the API")
    if urlsplit(url).scheme != "https" and not is_loopback(url):
        raise ConfigError(spec.system, f"setting {name!r} must be https: the credentials travel with every call")
    return url


def number(spec: SystemSpec, name: str, default: float, least: float, most: float = float("inf")) -> float:
    """A finite number within the bounds."""
    value = spec.settings.get(name, default)
    try:
        found = float(value)
    except (TypeError, ValueError):
        found = float("nan")
    if isinstance(value, bool) or not least <= found <= most or found == float("inf"):
        bounds = f"{least:g} or more" if most == float("inf") else f"from {least:g} to {most:g}"
        raise ConfigError(spec.system, f"setting {name!r} must be a number, {bounds}")
    return found


def whole(spec: SystemSpec, name: str, default: int, least: int, most: float = float("inf")) -> int:
    """A whole number within the bounds."""
    found = number(spec, name, default, least, most)
    if found != int(found):
        raise ConfigError(spec.system, f"setting {name!r} must be a whole number")
    return int(found)


def flag(spec: SystemSpec, name: str, default: bool) -> bool:
    """True or false, and nothing that merely looks like it."""
    value = spec.settings.get(name, default)
    if not isinstance(value, bool):
        raise ConfigError(spec.system, f"setting {name!r} must be true or false")
    return value


def choice(spec: SystemSpec, name: str, options: Collection[str], default: str) -> str:
    """One of a few words."""
    value = spec.settings.get(name, default)
    if value not in options:
        raise ConfigError(spec.system, f"setting {name!r} must be one of {', '.join(options)}")
    return str(value)


def names(spec: SystemSpec, name: str, options: Collection[str] = (), default: Iterable[str] = ()) -> tuple[str, ...]:
    """A list of words; of `options` only, where they are given."""
    value: Any = spec.settings.get(name)
    value = tuple(default) if value is None else value
    listed = not isinstance(value, str | Mapping) and all(isinstance(v, str) and v for v in value)
    if not listed or (options and not set(value) <= set(options)):
        of = f" of {', '.join(options)}" if options else " of names"
        raise ConfigError(spec.system, f"setting {name!r} must be a list{of}")
    return tuple(value)


def known(spec: SystemSpec, settings: Collection[str]) -> None:
    """Refuse a setting that the connector does not have: a misspelt one would silently do nothing."""
    for name in sorted(set(spec.settings) - set(settings)):
        raise ConfigError(spec.system, f"unknown setting {name!r}; there are {', '.join(sorted(settings))}")


def secret(spec: SystemSpec, name: str, what: str) -> Secret:
    """A credential that must be there; `what` tells people what it is."""
    if name not in spec.secrets:
        raise ConfigError(spec.system, f"secret {name!r} is missing: {what}")
    return spec.secrets[name]


def collections_of(spec: SystemSpec, those: Iterable[str]) -> dict[str, CollectionSpec]:
    """Every collection that the vendor has, in its order, as the inventory describes it.

    What the inventory forgets is searched all the same, and withheld. A name that the vendor does
    not have is a ConfigError.
    """
    there = tuple(those)
    for name in (c.name for c in spec.collections if c.name not in there):
        raise ConfigError(spec.system, f"there is no collection {name!r}; there are {', '.join(there)}")
    described = {c.name: c for c in spec.collections}
    return {name: described.get(name, CollectionSpec(name)) for name in there}
