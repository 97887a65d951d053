"""A person who has data in every system is erased with every logger of every library at DEBUG: none names them."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from connectors.sandbox.world import Sandbox
from tests.office import ROOT, Office

_RUN = """
import logging, sys
logging.basicConfig(level=logging.DEBUG, stream=sys.stdout, force=True)
logging.getLogger("canary").debug("the logs are on")
sys.argv = ["dsr", "--debug", "--sandbox", "--state", sys.argv[1], *sys.argv[2:]]
from orchestrator.cli import main
main()
"""


@pytest.fixture
def office(tmp_path: Path) -> Iterator[Office]:
    with Sandbox() as sandbox:
        office = Office(sandbox, tmp_path / "state")
        yield office
        office.close()


def test_no_library_names_the_person_at_debug(office: Office, tmp_path: Path) -> None:
    subject = office.sandbox.people.subject
    request = office.request(subject.email)
    said = ""

    def dsr(*arguments: str) -> None:
        nonlocal said
        environ = {**os.environ, "AWS_ACCESS_KEY_ID": "AKIACANARYCANARY", "STRIPE_LOG": "debug", "PGOPTIONS": ""}
        command = [sys.executable, "-c", _RUN, str(office.state), *arguments]
        done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False, env=environ)
        assert done.returncode in (0, 7), done.stderr[-2000:]
        said += done.stdout + done.stderr

    dsr("check")
    dsr("plan", request)
    dsr("export", request, "--to", str(tmp_path / "package"))
    dsr("approve", request, office.service.show_plan(request).digest)
    dsr("run", request)
    assert "DEBUG:canary:the logs are on" in said
    assert "dsr.connector" in said
    canaries = [subject.email, subject.name, subject.stripe_customer, *subject.ga_clients, "AKIACANARY"]
    canaries += [value for name, value in office.sandbox.environ.items() if "SECRET" in name and value != "sandbox"]
    assert [c for c in canaries if c and c.casefold() in said.casefold()] == []
