"""The master key is changed while a request is carried out: nothing waits, and nothing is lost."""

from __future__ import annotations

import base64
import threading
from dataclasses import replace
from pathlib import Path

import pytest
from sqlalchemy import select

from connectors.sandbox.world import Sandbox
from orchestrator.errors import IntegrityError
from orchestrator.storage import schema
from orchestrator.vault import MasterKey
from tests.office import Office, inventory

KEYS = {"FORMER_KEY": b"a" * 32, "LATER_KEY": b"b" * 32}


def test_the_master_key_changes_while_a_request_runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for variable, key in KEYS.items():
        monkeypatch.setenv(variable, base64.b64encode(key).decode())
    held = inventory(only_connected=True)
    held = replace(held, systems={"app_db": held.systems["app_db"]}, letters=None)
    with Sandbox(only=("app_db", "files", "amazon")) as sandbox:
        monkeypatch.setenv("DSR_MASTER_KEY_REF", "env:FORMER_KEY,env:LATER_KEY")
        desk, keys = (Office(sandbox, tmp_path / "state", held) for _ in range(2))
        ended, turns = threading.Event(), 0

        def rotate() -> None:
            nonlocal turns
            while not ended.is_set():
                keys.service.rewrap(("env:LATER_KEY", "env:FORMER_KEY")[turns % 2])
                turns += 1
                ended.wait(0.05)
            keys.service.rewrap("env:LATER_KEY")

        rotating = threading.Thread(target=rotate)
        rotating.start()
        try:
            done = desk.erase(sandbox.people.subject.email)
        finally:
            ended.set()
            rotating.join()
        assert turns > 3, "it was changed again and again meanwhile"
        assert {s["standing"] for s in done.payload["steps"]} >= {"gone", "retained"}
        desk.workspace.journal.verify()
        desk.close()
        keys.close()

        monkeypatch.setenv("DSR_MASTER_KEY_REF", "env:LATER_KEY")
        alone = Office(sandbox, tmp_path / "state", held)
        with alone.workspace.journal.store.read() as connection:
            wrapping = set(connection.execute(select(schema.vault_keys.c.master)).scalars())
        assert wrapping == {MasterKey(KEYS["LATER_KEY"]).key_id}
        request = done.payload["request"]
        assert alone.service.run(request).payload["outcome"] == done.payload["outcome"], "with the new key alone"
        alone.close()
        monkeypatch.setenv("DSR_MASTER_KEY_REF", "env:FORMER_KEY")
        late = Office(sandbox, tmp_path / "state", held)
        with pytest.raises(IntegrityError, match="give the right one"):
            late.service.run(request)
        late.close()
