"""Kills (-9) a process at every moment of its work, each time over a copy of an installation of its own.

The law is one, whether journal and vault are a file in the state directory or a database on a server.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import psycopg

# Forks a process for each moment in turn, which does the work over a copy and is killed (-9) at that moment:
# before a statement, a commit, or the taking of a connection, which are the moments at which anything can differ.
KILLED = """
import importlib, os, signal, sys
from pathlib import Path
from sqlalchemy import event
from tests.killed import Place
before, copies = Place(Path(sys.argv[1]), sys.argv[2]), Path(sys.argv[3])
module, _, what = sys.argv[4].partition(":")
work = getattr(importlib.import_module(module), what)
for moment in range(0, int(sys.argv[6]), int(sys.argv[5])):
    place = before.copied(copies / f"{moment:04}")
    child = os.fork()
    if not child:
        left = moment
        def count(*_):
            global left
            left -= 1
            if left < 0:
                os.kill(os.getpid(), signal.SIGKILL)
        engine, act = work(place, *sys.argv[7:])
        for moment_of in ("before_cursor_execute", "commit", "checkout"):
            event.listen(engine, moment_of, count)
        act()
        os._exit(0)
    if not os.waitpid(child, 0)[1]:
        (copies / "finished").write_text(place.state.name)
        break
"""


@dataclass(frozen=True, slots=True)
class Place:
    """An installation: its state directory, and the database of journal and vault unless that is a file in there."""

    state: Path
    url: str = ""

    @property
    def where(self) -> str:
        return self.url or str(self.state / "journal.sqlite")

    def copied(self, state: Path) -> Place:
        """The same beside it; nothing may be at work over this one."""
        shutil.copytree(self.state, state)
        if not self.url:
            return Place(state)
        other = Place(state, f"{state.parent.name}_{state.name}".join(_around(self.url)))
        self._ask(f'CREATE DATABASE "{_name(other.url)}" TEMPLATE "{_name(self.url)}"')
        return other

    def content(self, *, at_rest: bool = True) -> bytes:
        """All files: of the state directory, and those in which the server keeps the database.

        `at_rest`: wait until nobody is at work over it.
        Not the server's write-ahead log, which is one for all databases.
        """
        folders = [self.state]
        if self.url:
            if at_rest:
                self._rest()
            folders.append(self._files() / "base" / self._oid())
        return b"\n".join(p.read_bytes() for folder in folders for p in sorted(folder.rglob("*")) if p.is_file())

    def log(self) -> bytes:
        """The server's write-ahead log."""
        return b"\n".join(p.read_bytes() for p in sorted((self._files() / "pg_wal").iterdir()) if p.is_file())

    def remove(self) -> None:
        shutil.rmtree(self.state)
        if self.url:
            self._ask(f'DROP DATABASE "{_name(self.url)}" WITH (FORCE)')

    def entered(self) -> None:
        """Have this process use it."""
        if self.url:
            os.environ["DSR_DATABASE_URL"] = self.url
        else:
            os.environ.pop("DSR_DATABASE_URL", None)

    def _files(self) -> Path:
        return Path(self._ask("CHECKPOINT; SHOW data_directory"))

    def _oid(self) -> str:
        return self._ask(f"SELECT oid FROM pg_database WHERE datname = '{_name(self.url)}'")

    def _rest(self) -> None:
        """Wait until the server has noticed that whoever was at work is gone."""
        give_up = time.monotonic() + 10
        while self._ask(f"SELECT count(*) FROM pg_stat_activity WHERE datname = '{_name(self.url)}'") != "0":
            assert time.monotonic() < give_up, "somebody is still at work"
            time.sleep(0.01)

    def _ask(self, statements: str) -> str:
        """The last one's first value, asked in another database of the same server."""
        with psycopg.connect("template1".join(_around(self.url)), autocommit=True) as connection:
            answer = connection.execute("SELECT 1")
            for statement in statements.split("; "):
                answer = connection.execute(statement.encode())
            return str(answer.fetchone()[0]) if answer.description else ""  # type: ignore[index]


def _around(url: str) -> tuple[str, str]:
    """What stands before and after the database's name."""
    before, mark, options = url.partition("?")
    return before.rpartition("/")[0] + "/", mark + options


def _name(url: str) -> str:
    return url.partition("?")[0].rpartition("/")[2]


def at_every_moment(
    before: Place, copies: Path, work: str, *words: str, step: int = 1, most: int = 400
) -> Iterator[Place]:
    """What each killed process left, and at last what one left that was not.

    `work` is MODULE:FUNCTION, which gets a place and the words, and returns the engine whose statements are counted
    and what is to be done. `step`: only each so-many-th moment.
    """
    copies.mkdir()
    given = [str(before.state), before.url, str(copies), work, str(step), str(most), *words]
    done = subprocess.run(
        [sys.executable, "-c", KILLED, *given], check=False, cwd=Path(__file__).parent.parent, capture_output=True
    )
    assert done.returncode == 0, done.stderr.decode()
    assert (copies / "finished").exists(), "there were more moments than were tried"
    for state in sorted(p for p in copies.iterdir() if p.is_dir()):
        yield Place(state, f"{copies.name}_{state.name}".join(_around(before.url)) if before.url else "")
