"""Heads of the journal kept where others see them: in annotated tags of a Git repository.

A tag's message holds the signed head in one line. Whoever has fetched the tag can tell that a journal was
rewritten since, also by somebody who has the key that signs heads: the tag names an older root. Taking a tag away
again is seen in every other clone.
"""

from __future__ import annotations

import os
import re
import subprocess
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from orchestrator import signing
from orchestrator.audit import HEAD
from orchestrator.errors import InvalidReceiptError, OrchestratorError, UnknownError
from orchestrator.inclusion import Inclusions
from orchestrator.journal import Head

PREFIX = "dsr-journal-"
_SECONDS = 60  # that git may take
_LINE = re.compile(r'^\{"payload":.*$', re.MULTILINE)


class Anchors(Inclusions):
    """The use cases of whoever makes the journal's heads public."""

    def anchor(self, repository: Path, *, sign: bool = False) -> str:
        """Put the head of today into a tag on the repository's current commit; the tag's name.

        `sign` has Git sign the tag with the key of its configuration. UnknownError if there is no repository with a
        commit, OrchestratorError if Git refuses.
        """
        self.actor.require("run")
        signed = self.signed_head().decode()
        told = signing.verify(signed.encode(), self.workspace.public_keys)
        name = f"{PREFIX}{told['size']}-{told['root'].removeprefix('sha256:')[:12]}"
        if name in _git(repository, "tag", "--list", name).split():
            return name  # nothing was written since
        said = f"The journal of {told['company']} on {told['at'][:10]}: {told['size']} entries\n\n{signed}\n"
        _git(repository, "tag", "--sign" if sign else "--annotate", "--cleanup=verbatim", "--file=-", name, given=said)
        return name

    def verify_anchored(self, repository: Path) -> tuple[Head, int]:
        """Walk the whole journal against every head in the repository's tags; the last entry, and how many there are.

        InvalidReceiptError for a tag whose head was not signed here, IntegrityError if the journal does not begin
        with the entries that one stands for.
        """
        found = [told for _, told in self._anchored(repository)]
        return self.verify_journal(anchored=found), len(found)

    def _anchored(self, repository: Path) -> Iterator[tuple[str, Mapping[str, Any]]]:
        for name in _git(repository, "tag", "--list", f"{PREFIX}*").split():
            line = _LINE.search(_git(repository, "cat-file", "tag", name))
            if line is None:
                raise InvalidReceiptError(f"the tag {name} has no head of the journal in its message")
            try:
                told = signing.verify(line[0].encode(), self.workspace.public_keys)
            except InvalidReceiptError as error:
                raise InvalidReceiptError(f"the tag {name}: {error}") from None
            if told.get("type") != HEAD:
                raise InvalidReceiptError(f"the tag {name} holds something else than a head of the journal")
            yield name, told


def _git(repository: Path, *arguments: str, given: str = "") -> str:
    """What Git prints. Its environment names no other repository than this one."""
    environ = {
        k: v for k, v in os.environ.items() if not k.startswith("GIT_") or k.startswith(("GIT_CONFIG", "GIT_SSH"))
    }
    environ |= {"LC_ALL": "C", "GIT_TERMINAL_PROMPT": "0"}
    command = ["git", "-C", str(repository), *arguments]
    try:
        done = subprocess.run(  # noqa: S603 (no shell; the path is one argument, names are ours or Git's own)
            command, input=given, capture_output=True, text=True, timeout=_SECONDS, check=False, env=environ
        )
    except FileNotFoundError:
        raise UnknownError("git is not installed: it reads and writes the tags") from None
    except subprocess.TimeoutExpired:
        raise OrchestratorError(f"git {arguments[0]} did not end within {_SECONDS} s") from None
    if done.returncode:
        why = (done.stderr.strip().splitlines() or ["no reason"])[-1]
        kind = UnknownError if "not a git repository" in why or "cannot change to" in why else OrchestratorError
        raise kind(f"git {arguments[0]} in {repository}: {why}")
    return done.stdout
