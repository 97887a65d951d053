"""An entry for the inventory that loads as it is pasted, and touches nobody until people have decided about it."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

from connectors.surveys import Found
from orchestrator.inventory import Inventory
from orchestrator.survey.model import Guess

_PLAINLY = re.compile(r"[A-Za-z_][A-Za-z0-9_./>-]*")
_WORDS = frozenset({"y", "n", "yes", "no", "on", "off", "true", "false", "null"})
_SAFE = re.compile(r"[A-Za-z][A-Za-z0-9 ,()'/-]*")


def collection(inventory: Inventory, system: str, found: Found, guesses: Sequence[Guess]) -> str:
    """The lines under systems.SYSTEM.collections. on_deletion is manual, and what identifies is only claimed."""
    personal = [g for g in guesses if not g.plain]
    plain = [g.field for g in guesses if g.plain]
    lines = [f"{_key(found.name)}:", f"  title: {_text(f'To be described: {found.kind} {found.name}')}"]
    lines.append("  role: business  # or service_provider: to be decided")
    lines.append("  on_deletion: manual  # until it is known whose the rows are")
    if found.entry.get("options"):
        lines.append(f"  options: {json.dumps(_options(inventory, found.entry['options']), ensure_ascii=False)}")
    if by := list(_found_by(inventory, found, personal)):
        lines += ["  found_by:", *(f"    - {one}" for one in by)]
    described = [_field(g) for g in personal] or [
        _field(Guess("content", "", "")) for _ in found.entry.get("fields", ())
    ]
    if described:
        lines += ["  fields:", *(f"    {one}" for one in described)]
    if plain or found.entry.get("plain"):
        lines.append(f"  plain: [{', '.join(_key(name) for name in (*plain, *found.entry.get('plain', ())))}]")
    return _indented(lines, 6)


def fields(found: Found, names: Sequence[str], guesses: Sequence[Guess]) -> str:
    """The lines under `fields` of a collection that is described already."""
    known, path = {g.field: g for g in guesses}, found.entry.get("path", "->")
    spelt = [replace(g, field=g.field.replace("->", path)) for g in (known.get(n, Guess(n, "", "")) for n in names)]
    return _indented([_field(guess) for guess in spelt], 10)


def exemption(inventory: Inventory, system: str, name: str) -> str:
    """The other way out: a line under `exemptions`."""
    owner = _text(inventory.system(system).owner)
    return f"  - {{what: {_text(f'{system}/{name}')}, reason: …, owner: {owner}, until: YYYY-MM-DD}}"


def _field(guess: Guess) -> str:
    key = _key(guess.field)
    if not guess.category:
        return f"{key}: {{redact: none}}  # nobody has said what it is: withheld, and left as it is"
    never = f", never: {_text(guess.never)}" if guess.never else ""
    because = f"  # {guess.called or 'to be decided'}: {guess.because}" if guess.because else ""
    return f"{key}: {{category: {guess.category}{never}}}{because}"


def _found_by(inventory: Inventory, found: Found, guesses: Sequence[Guess]) -> Iterator[str]:
    """By what people could be found. A field that the connector must have is searched; the rest is claimed."""
    needed = found.entry.get("found_by")
    for guess in guesses:
        if guess.kind in inventory.kinds and guess.field != needed:
            field = guess.field + ("[]" if guess.type.endswith("[]") else "")
            yield f"{{kind: {guess.kind}, field: {_text(field)}, trust: claimed, reveal: false}}"
    if needed:
        kind = next((g.kind for g in guesses if g.field == needed and g.kind in inventory.kinds), "")
        kind = kind or _preferred(inventory, "email" if needed == "message" else "user_id")
        yield f"{{kind: {kind}, field: {_text(needed)}, trust: assigned, reveal: false}}"


def _options(inventory: Inventory, options: Mapping[str, Any]) -> Any:
    return json.loads(json.dumps(options).replace("{user_id}", f"{{{_preferred(inventory, 'user_id')}}}"))


def _preferred(inventory: Inventory, kind: str) -> str:
    return kind if kind in inventory.kinds else inventory.kinds[0]


def _key(name: str) -> str:
    return name if _PLAINLY.fullmatch(name) and name.lower() not in _WORDS else _quoted(name)


def _text(text: str) -> str:
    return text if _SAFE.fullmatch(text) and text.lower() not in _WORDS else _quoted(text)


def _quoted(text: str) -> str:
    return json.dumps(text, ensure_ascii=False)


def _indented(lines: Sequence[str], width: int) -> str:
    return "\n".join(" " * width + line for line in lines)
