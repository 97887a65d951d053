"""A small inventory to vary, for the tests of its loading."""

from __future__ import annotations

from pathlib import Path

import pytest

from orchestrator.errors import InventoryError
from orchestrator.inventory import Inventory

MINIMAL = """\
inventory: 1
company: Example LLC
regime: ccpa
policy: {document: Privacy Policy, revised: 2026-01-01}
approval: single_person
staff:
  - {id: desk, may: [verify, plan, approve, run]}
hand_over: {owner: success, how: Write to the organisation.}
identifiers:
  email: {title: E-mail, normalise: [trim, case]}
  user_id: {title: User number}
rules:
  - id: tax
    basis: Books
    citation: 26 U.S.C. 6501
    covers: [shop/orders]
    fields: [name]
    use_limit: Tax only
    keep_for: 7 years
    counted_from: the order
    exception: D8
    conditions: {obligation: Tax law}
    confirmed_by: counsel
    confirmed_on: 2026-01-02
    review_owner: finance
exemptions:
  - {what: shop/stock, reason: No people in it}
systems:
  shop:
    title: Shop
    connector: memory
    role: business
    sources: The person
    purposes: [Selling]
    owner: engineering
    settings: {timeout: 3, base_url: env:SHOP_URL}
    secrets: {api_key: env:SHOP_KEY}
    sandbox:
      settings: {base_url: env:DSR_SANDBOX_SHOP_URL}
      secrets: {api_key: env:DSR_SANDBOX_SHOP_KEY}
    collections:
      users:
        one_per_person: true
        found_by:
          - {kind: email, field: email, trust: proven}
          - {kind: user_id, field: id, trust: assigned}
          - {kind: email, field: other_email, trust: claimed}
        fields:
          email: {category: A, disclose: true, redact: unique}
          other_email: {category: A, disclose: true}
          password: {category: A, never: password hash}
        plain: [id]
      orders:
        age: at
        links: [{fields: user, to: users, kind: owns}]
        fields: {name: {category: B, disclose: true}}
        plain: [user, at]
      grades:
        role: service_provider
        on_deletion: manual
        options: {key_patterns: ["grades/{user_id}/"]}
        fields: {content: {category: J}}
  paper:
    title: Filing cabinet
    manual: true
    sources: [The person]
    purposes: [Selling]
    owner: office
    instructions: Look under the name, shred what is there, note the day.
"""


def written(folder: Path, text: str = MINIMAL) -> Path:
    path = folder / "inventory.yaml"
    path.write_text(text)
    return path


def changed(folder: Path, old: str, new: str) -> Path:
    """The minimal inventory with one piece of text replaced; the piece must be there."""
    assert MINIMAL.count(old) == 1, old
    return written(folder, MINIMAL.replace(old, new))


def problems(path: Path) -> list[str]:
    with pytest.raises(InventoryError) as raised:
        Inventory.load(path)
    return str(raised.value).replace(str(path), "FILE").splitlines()


def problem(path: Path) -> str:
    """The one problem that was found."""
    found = problems(path)
    assert len(found) == 2, found
    assert found[0] == "FILE: 1 problem"
    return found[1]
