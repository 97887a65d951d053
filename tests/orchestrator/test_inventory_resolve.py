"""From an inventory to what a connector is built from: references, cut-offs, sandbox, gate."""

from __future__ import annotations

import os
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

import connectors
from connectors.isolation import require_isolated
from orchestrator.errors import InventoryError
from orchestrator.inventory import Inventory
from tests.orchestrator.inventories import MINIMAL, changed, written

NOW = datetime(2026, 11, 24, 12, tzinfo=UTC)
LIVE = {"SHOP_URL": "https://shop.example.com", "SHOP_KEY": "live-key"}
BOX = {"DSR_SANDBOX_SHOP_URL": "http://127.0.0.1:1", "DSR_SANDBOX_SHOP_KEY": "sandbox-key"}


def test_a_live_spec(tmp_path: Path) -> None:
    spec = Inventory.load(written(tmp_path)).spec("shop", now=NOW, environ={**LIVE, **BOX})
    assert (spec.system, spec.connector, spec.sandbox) == ("shop", "memory", False)
    assert dict(spec.settings) == {"timeout": 3, "base_url": "https://shop.example.com"}
    assert {n: s.reveal() for n, s in spec.secrets.items()} == {"api_key": "live-key"}
    assert "live-key" not in repr(spec)
    users, orders, _ = spec.collections
    assert users.cutoffs == ()
    assert orders.cutoffs == (NOW - timedelta(days=2557),)
    assert (orders.age_field, orders.links[0].to) == ("at", "users")
    assert spec.collection("grades").options["key_patterns"] == ["grades/{user_id}/"]


def test_several_rules_cut_a_collection_in_ascending_order(tmp_path: Path) -> None:
    rule = MINIMAL[MINIMAL.index("  - id: tax") : MINIMAL.index("exemptions:")]
    more = rule.replace("id: tax", "id: fraud").replace("7 years", "90 days")
    same = rule.replace("id: tax", "id: again")
    inventory = Inventory.load(written(tmp_path, MINIMAL.replace(rule, rule + more + same)))
    assert inventory.cutoffs("shop", "orders", NOW) == (NOW - timedelta(days=2557), NOW - timedelta(days=90))
    assert [r.id for r in inventory.rules_for("shop", "orders")] == ["tax", "fraud", "again"]


def test_the_sandbox_has_its_own_address_and_only_its_own_secrets(tmp_path: Path) -> None:
    inventory = Inventory.load(written(tmp_path)).sandboxed()
    spec = inventory.spec("shop", now=NOW, environ={**LIVE, **BOX})
    assert dict(spec.settings) == {"timeout": 3, "base_url": "http://127.0.0.1:1"}
    assert [s.reveal() for s in spec.secrets.values()] == ["sandbox-key"]
    assert spec.sandbox
    require_isolated(spec)
    without = MINIMAL.replace("      secrets: {api_key: env:DSR_SANDBOX_SHOP_KEY}\n", "")
    assert dict(Inventory.load(written(tmp_path, without)).sandboxed().spec("shop", now=NOW, environ=BOX).secrets) == {}


def test_a_system_without_a_sandbox_is_not_run_in_one(tmp_path: Path) -> None:
    block = MINIMAL[MINIMAL.index("    sandbox:\n") : MINIMAL.index("    collections:")]
    path = written(tmp_path, MINIMAL.replace(block, ""))
    with pytest.raises(InventoryError, match="no `sandbox` block: shop"):
        Inventory.load(path).sandboxed()
    path = written(tmp_path, MINIMAL.replace(block, "").replace("regime: ccpa", "regime: ccpa\nmode: sandbox"))
    with pytest.raises(InventoryError, match=r"systems\.shop: mode: sandbox needs a `sandbox` block"):
        Inventory.load(path)


def test_every_missing_variable_is_named(tmp_path: Path) -> None:
    with pytest.raises(InventoryError) as raised:
        Inventory.load(written(tmp_path)).spec("shop", now=NOW, environ={"SHOP_KEY": ""})
    first, second = str(raised.value).splitlines()
    assert "systems.shop.settings.base_url: the environment variable SHOP_URL is not set; export it" in first
    assert "systems.shop.secrets.api_key: the environment variable SHOP_KEY is not set" in second


def test_a_system_done_by_hand_has_no_connector(tmp_path: Path) -> None:
    with pytest.raises(InventoryError, match="paper is done by hand"):
        Inventory.load(written(tmp_path)).spec("paper", now=NOW, environ=LIVE)


def test_secrets_from_files(tmp_path: Path) -> None:
    path = changed(tmp_path, "{api_key: env:SHOP_KEY}", "{api_key: 'file:keys/shop key'}")
    inventory = Inventory.load(path)

    def message() -> str:
        with pytest.raises(InventoryError) as raised:
            inventory.spec("shop", now=NOW, environ=LIVE)
        return str(raised.value)

    assert "systems.shop.secrets.api_key:" in message()
    assert "cannot be read: No such file" in message()
    key = tmp_path / "keys" / "shop key"
    key.parent.mkdir()
    key.write_text("canary-key\n")
    key.chmod(0o640)
    assert f"others may read {key}; run: chmod 600 '{key}'" in message()
    key.chmod(0o600)
    assert inventory.spec("shop", now=NOW, environ=LIVE).secrets["api_key"].reveal() == "canary-key"
    key.write_bytes(b"canary-\xff")
    assert "is not UTF-8" in message()
    key.write_bytes(b"canary-" * 20_000)
    assert "is larger than 65536 bytes" in message()
    assert "canary" not in message()
    key.write_bytes(b"\n")
    assert "is empty" in message()
    key.unlink()
    key.mkdir(mode=0o700)
    assert "Is a directory" in message()


def test_a_pipe_is_not_waited_for(tmp_path: Path) -> None:
    inventory = Inventory.load(changed(tmp_path, "{api_key: env:SHOP_KEY}", "{api_key: file:pipe}"))
    os.mkfifo(tmp_path / "pipe", 0o600)
    with pytest.raises(InventoryError, match="is not a file"):
        inventory.spec("shop", now=NOW, environ=LIVE)


def test_settings_may_be_lists_and_mappings_of_references(tmp_path: Path) -> None:
    path = changed(tmp_path, "timeout: 3,", "timeout: 3, hosts: [env:SHOP_URL, b], more: {x: env:SHOP_URL},")
    settings = Inventory.load(path).spec("shop", now=NOW, environ=LIVE).settings
    assert settings["hosts"] == ["https://shop.example.com", "b"]
    assert settings["more"] == {"x": "https://shop.example.com"}


def test_nothing_is_written_through_the_gate_unless_one_is_given(tmp_path: Path) -> None:
    inventory = Inventory.load(written(tmp_path))
    with pytest.raises(InventoryError, match="built for reading"):
        inventory.spec("shop", now=NOW, environ=LIVE).gate("users")
    passed: list[str] = []
    inventory.spec("shop", now=NOW, environ=LIVE, gate=passed.append).gate("users")
    assert passed == ["users"]


def test_a_connector_is_built_from_it(tmp_path: Path) -> None:
    path = changed(tmp_path, "settings: {timeout: 3,", "settings: {rows: {users: [], orders: []}, timeout: 3,")
    connector = connectors.build(Inventory.load(path).spec("shop", now=NOW, environ=LIVE))
    assert connector.capabilities.needs == {"email", "user_id"}
