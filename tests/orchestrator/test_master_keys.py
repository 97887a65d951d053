"""Where master keys are kept, and how one is changed while requests are under way."""

from __future__ import annotations

import base64
import threading
from collections.abc import Iterator
from pathlib import Path

import keyring
import pytest
from keyring.backend import KeyringBackend
from sqlalchemy import select

from connectors.model import Identifier, Subject, Trust
from orchestrator import canonical
from orchestrator.errors import IntegrityError, NotAllowedError, OrchestratorError, UnknownError
from orchestrator.inventory import Inventory
from orchestrator.journal import Journal
from orchestrator.model import Right
from orchestrator.service import Service
from orchestrator.staff import identify
from orchestrator.storage import schema
from orchestrator.storage.masters import masters
from orchestrator.vault import MasterKey, Vault
from orchestrator.workspace import Workspace
from tests.orchestrator import databases
from tests.orchestrator.inventories import MINIMAL

OLD, NEW = MasterKey(bytes(range(32))), MasterKey(bytes(range(1, 33)))
_keys = schema.vault_keys.c

OTHER_PROCESS = """
from orchestrator.vault import MasterKey, Vault
vault = Vault(journal, MasterKey(bytes(range(32))), MasterKey(bytes(range(1, 33))))
print("ready", flush=True)
number = 0
while not vault.holds("stop"):
    vault.open(f"r-{name}-{number % 40}").put("a", b"value")
    assert vault.open(f"r-{name}-{number % 40}").get("a") == b"value"
    number += 1
print(number, flush=True)
"""


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with databases.postgres(tmp_path_factory.mktemp("pg")) as url:
        yield url


@pytest.fixture(params=["sqlite", "postgresql"])
def where(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    if request.param == "sqlite":
        return str(tmp_path / "journal.sqlite")
    return databases.emptied(request.getfixturevalue("server"))


@pytest.fixture
def local(tmp_path: Path) -> Iterator[Journal]:
    with Journal.open(tmp_path / "journal.sqlite") as opened:
        yield opened


def wrapped_by(journal: Journal) -> set[str]:
    with journal.store.read() as connection:
        return set(connection.execute(select(_keys.master)).scalars())


def test_a_master_key_is_changed_while_others_work(where: str) -> None:
    """Two processes that know both keys open, make and use vaults all the while; none fails."""
    with Journal.open(where) as journal:
        vault = Vault(journal, OLD, NEW)
        vault.open("r-1").put("a", b"kept")
        others = [databases.process(OTHER_PROCESS, where, name) for name in ("one", "two")]
        for other in others:
            assert other.stdout
            assert other.stdout.readline() == "ready\n"
        for turn in range(6):
            assert vault.rewrap((NEW, OLD)[turn % 2]) >= 1
        vault.rewrap(NEW)
        vault.open("r-after").put("a", b"after")
        vault.open("stop")
        for other in others:
            said, _ = other.communicate(timeout=120)
            assert other.returncode == 0
            assert int(said) > 0
        assert wrapped_by(journal) == {NEW.key_id}, "also what others made since"
        alone = Vault(journal, NEW)
        assert alone.open("r-1").get("a") == b"kept"
        assert alone.open("r-one-0").get("a") == b"value"
        with pytest.raises(IntegrityError, match=f"master key {NEW.key_id}, and the one given is {OLD.key_id}"):
            Vault(journal, OLD).open("r-1")
        journal.verify()


def test_a_vault_is_used_in_one_process_while_its_key_is_wrapped_anew(local: Journal) -> None:
    vault, done = Vault(local, OLD, NEW), threading.Event()
    opened = vault.open("r-1")
    failed: list[Exception] = []

    def work() -> None:
        for number in range(60):
            try:
                opened.put("a", b"%d" % number)
                assert vault.open("r-1").get("a") == b"%d" % number
            except Exception as error:
                failed.append(error)
        done.set()

    thread = threading.Thread(target=work)
    thread.start()
    while not done.is_set():
        vault.rewrap(NEW)
    thread.join()
    assert failed == []


def test_a_key_that_no_other_process_was_given_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    inventory = tmp_path / "inventory.yaml"
    inventory.write_text(MINIMAL)
    loaded, keys = Inventory.load(inventory), {"A": b"a" * 32, "B": b"b" * 32}
    for variable, secret in keys.items():
        monkeypatch.setenv(variable, base64.b64encode(secret).decode())
    with Workspace.open(tmp_path / "state", loaded, {"DSR_MASTER_KEY_REF": "env:A"}) as workspace:
        service = Service(workspace, identify(loaded, "", None))
        request = service.new_request(Right.DELETE, [("email", "ann@example.com")], "email")
        with pytest.raises(NotAllowedError, match="DSR_MASTER_KEY_REF=OLD,env:B"):
            service.rewrap("env:B")
    with Workspace.open(tmp_path / "state", loaded, {"DSR_MASTER_KEY_REF": "env:A, env:B"}) as workspace:
        service = Service(workspace, identify(loaded, "", None))
        key, count = service.rewrap("env:B")
        assert (key, count) == (MasterKey(keys["B"]).key_id, 2), "the request's, and the one for tags"
    with Workspace.open(tmp_path / "state", loaded, {"DSR_MASTER_KEY_REF": "env:B"}) as workspace:
        service = Service(workspace, identify(loaded, "", None))
        assert workspace.vault.names(request) == {"ann@example.com"}
        again = service.new_request(Right.DELETE, [("email", "ann@example.com")], "email")
        assert service.request(again).tags == service.request(request).tags


class Memory(KeyringBackend):
    """A keyring of this test's."""

    priority = 1

    def __init__(self) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self.held: dict[tuple[str, str], str] = {}

    def get_password(self, service: str, username: str) -> str | None:
        return self.held.get((service, username))

    def set_password(self, service: str, username: str, password: str) -> None:
        self.held[(service, username)] = password

    def delete_password(self, service: str, username: str) -> None:
        del self.held[(service, username)]


def test_a_master_key_in_the_keyring(local: Journal) -> None:
    before = keyring.get_keyring()
    keyring.set_keyring(Memory())
    try:
        with pytest.raises(UnknownError, match="keyring set dsr/live master"):
            masters("keyring:dsr/live/master", local.store)
        keyring.set_password("dsr/live", "master", base64.b64encode(bytes(range(32))).decode())
        assert masters("keyring:dsr/live/master", local.store)[0].key_id == OLD.key_id
        keyring.set_password("dsr/live", "master", "hunter2")
        with pytest.raises(NotAllowedError) as refused:
            masters("keyring:dsr/live/master", local.store)
        assert "hunter2" not in str(refused.value)
    finally:
        keyring.set_keyring(before)
    with pytest.raises(NotAllowedError, match="keyring:SERVICE/NAME"):
        masters("keyring:nothing", local.store)


@pytest.fixture(scope="module")
def kms() -> Iterator[str]:
    """A key at moto's KMS, on loopback."""
    import boto3
    from moto.server import ThreadedMotoServer

    with pytest.MonkeyPatch.context() as env:
        moto = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
        moto.start()
        host, port = moto.get_host_and_port()
        for name, value in {
            "AWS_ENDPOINT_URL_KMS": f"http://{host}:{port}", "AWS_DEFAULT_REGION": "us-east-1",
            "AWS_ACCESS_KEY_ID": "test", "AWS_SECRET_ACCESS_KEY": "test",
        }.items():  # fmt: skip
            env.setenv(name, value)
        env.delenv("AWS_CONFIG_FILE", raising=False)
        yield str(boto3.client("kms").create_key()["KeyMetadata"]["Arn"])
        moto.stop()


def test_a_master_key_that_kms_keeps(kms: str, local: Journal) -> None:
    (made,) = masters(f"kms:{kms}", local.store)
    (again,) = masters(f"kms:{kms}", local.store)
    assert made.key_id == again.key_id
    vault = Vault(local, made)
    vault.open("r-1").put("a", b"value")
    assert Vault(local, again).open("r-1").get("a") == b"value"
    with local.store.read() as connection:
        row = connection.execute(select(schema.vault_keys).where(_keys.request == f"kms:{kms}")).one()
    assert len(row.wrapped) > 32
    with pytest.raises(OrchestratorError, match="NotFoundException"):
        masters("kms:1234abcd-12ab-34cd-56ef-1234567890ab", local.store)


def test_from_a_file_to_kms_and_back(kms: str, local: Journal, tmp_path: Path) -> None:
    file = tmp_path / "keys" / "master.key"
    MasterKey.ensure(file)
    both = masters(f"file:{file},kms:{kms}", local.store)
    vault = Vault(local, *both)
    found = Subject(frozenset({Identifier("email", "ann@example.com", Trust.PROVEN)}))
    vault.open("r-1").put_json("subject", canonical.plain(found))
    vault.rewrap(both[1])
    assert wrapped_by(local) == {both[1].key_id, f"kms:{kms}"}
    assert canonical.decode(Subject, Vault(local, *masters(f"kms:{kms}", local.store)).open("r-1").get_json("subject"))
    vault.rewrap(both[0])
    assert Vault(local, both[0]).open("r-1").slots() == ("subject",)
    local.verify()
