"""Heads of the journal in tags of a real Git repository: they hold against who rewrites the journal with its key."""

from __future__ import annotations

import json
import shutil
import subprocess
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from connectors.sandbox.world import Sandbox
from orchestrator.errors import IntegrityError, InvalidReceiptError, OrchestratorError, UnknownError
from tests.office import Office, dsr, inventory

pytestmark = pytest.mark.skipif(shutil.which("git") is None, reason="git is not installed")


def git(repository: Path, *arguments: str, given: str = "") -> str:
    command = ["git", "-C", str(repository), *arguments]
    return subprocess.run(command, input=given, capture_output=True, text=True, check=True).stdout


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    path = tmp_path / "public"
    path.mkdir()
    git(path, "init", "--quiet")
    git(path, "config", "user.name", "Privacy Team")
    git(path, "config", "user.email", "privacy@example.com")
    git(path, "commit", "--quiet", "--allow-empty", "--message", "begin")
    return path


@pytest.fixture(scope="module")
def running() -> Iterator[Sandbox]:
    with Sandbox(only=("sendgrid",)) as sandbox:
        yield sandbox


def opened(running: Sandbox, state: Path) -> Office:
    held = inventory(only_connected=True)
    return Office(running, state, replace(held, systems={"sendgrid": held.systems["sendgrid"]}))


@pytest.fixture
def office(running: Sandbox, tmp_path: Path) -> Iterator[Office]:
    office = opened(running, tmp_path / "state")
    office.request(running.people.subject.email)
    yield office
    office.close()


def test_what_is_anchored_is_found_again_and_fits(office: Office, repository: Path, tmp_path: Path) -> None:
    first = office.service.anchor(repository)
    assert office.service.anchor(repository) == first, "nothing was written since"
    office.request(office.sandbox.people.bystander.email)
    second = office.service.anchor(repository)
    assert git(repository, "tag").split() == sorted([first, second])
    git(tmp_path, "clone", "--quiet", str(repository), "clone")
    last, heads = office.service.verify_anchored(tmp_path / "clone")
    assert (last, heads) == (office.workspace.journal.head(), 2)
    assert office.sandbox.people.subject.email not in git(repository, "cat-file", "tag", first)


def test_a_journal_rewritten_with_the_same_key_does_not_fit(
    office: Office, running: Sandbox, repository: Path, tmp_path: Path
) -> None:
    office.service.anchor(repository)
    state = tmp_path / "rewritten"
    state.mkdir(mode=0o700)
    shutil.copy(office.state / "receipt.key", state / "receipt.key")
    other = opened(running, state)
    for _ in range(3):
        other.request(running.people.bystander.email)
    with pytest.raises(IntegrityError, match="not those of the head"):
        other.service.verify_anchored(repository)
    other.close()


def test_every_changed_byte_of_an_anchored_head_counts(office: Office, repository: Path) -> None:
    name = office.service.anchor(repository)
    whole = git(repository, "cat-file", "tag", name)
    message = whole.partition("\n\n")[2]
    begins = message.index('{"payload"')
    for place in range(begins, len(message.rstrip()), 29):
        bent = message[:place] + chr(ord(message[place]) ^ 1) + message[place + 1 :]
        git(repository, "tag", "--force", "--annotate", "--cleanup=verbatim", "--file=-", name, given=bent)
        with pytest.raises(InvalidReceiptError, match=name):
            office.service.verify_anchored(repository)


def test_a_tag_with_something_else_that_was_signed_is_no_head(office: Office, repository: Path) -> None:
    from orchestrator.signing import envelope_bytes

    signed = envelope_bytes(office.workspace.signing_key.sign({"type": "dsr-receipt/1"})).decode()
    git(repository, "tag", "--annotate", "--file=-", "dsr-journal-1-else", given=f"x\n\n{signed}")
    with pytest.raises(InvalidReceiptError, match="something else"):
        office.service.verify_anchored(repository)
    git(repository, "tag", "--delete", "dsr-journal-1-else")
    git(repository, "tag", "--annotate", "--message", "no head", "dsr-journal-1-none")
    with pytest.raises(InvalidReceiptError, match="no head"):
        office.service.verify_anchored(repository)


def test_where_it_cannot_be_done_it_says_why(office: Office, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GIT_DIR", str(tmp_path / "elsewhere"))  # of another repository: means nothing here
    (tmp_path / "plain").mkdir()
    for place in ("plain", "missing"):
        with pytest.raises(UnknownError, match="git tag"):
            office.service.anchor(tmp_path / place)
    git_less = tmp_path / "empty"
    git_less.mkdir()
    monkeypatch.delenv("GIT_DIR")
    git(git_less, "init", "--quiet")
    with pytest.raises(OrchestratorError, match="HEAD"):
        office.service.anchor(git_less)
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(UnknownError, match="not installed"):
        office.service.anchor(git_less)


def test_on_the_command_line(office: Office, repository: Path) -> None:
    made = dsr(office, "journal", "anchor", "--git", str(repository), "--json")
    assert made.returncode == 0, made.stderr
    assert git(repository, "tag").split() == [json.loads(made.stdout)["tag"]]
    said = dsr(office, "journal", "verify", "--git", str(repository), "--json")
    assert json.loads(said.stdout)["anchored"] == 1
