"""From the options before a command to an opened service. Imports the rest of the program only when
a command needs it, so that `--help` is quick."""

from __future__ import annotations

import json
import logging
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, TypeVar

import typer

if TYPE_CHECKING:
    from orchestrator.inventory import Inventory
    from orchestrator.service import Service

Word = TypeVar("Word", bound=StrEnum)
AsJson = Annotated[bool, typer.Option("--json", help="Print one JSON value instead of text.")]
RequestId = Annotated[str, typer.Argument(metavar="REQUEST", help="The request's id, such as r-7k3q9m2a4b.")]


@dataclass(frozen=True, slots=True)
class Settings:
    """The options that stand before every command."""

    inventory: Path
    state: Path
    sandbox: bool
    staff: str
    key: Path | None
    debug: bool

    def load(self) -> Inventory:
        """The inventory, in sandbox mode if asked for."""
        from orchestrator.inventory import Inventory

        loaded = Inventory.load(self.inventory)
        return loaded.sandboxed() if self.sandbox else loaded

    @contextmanager
    def service(self) -> Iterator[Service]:
        """The use cases, done by the person who acts."""
        from orchestrator.service import Service
        from orchestrator.staff import identify
        from orchestrator.workspace import Workspace

        if self.debug:
            logging.basicConfig(format="%(name)s %(message)s", stream=sys.stderr)
            logging.getLogger("dsr").setLevel(logging.DEBUG)
        inventory = self.load()
        actor = identify(inventory, self.staff, self.key)
        with Workspace.open(self.state, inventory) as workspace:
            yield Service(workspace, actor)


def local(service: Service, at: datetime | None) -> datetime | None:
    """A day or hour from the command line, in the company's time zone."""
    return at.replace(tzinfo=service.inventory.zone) if at else None


def one_of(kind: type[Word], said: str, hint: str) -> Word:
    """What was said as a word of that kind. BadParameter naming all of them, of the option or argument `hint`."""
    try:
        return kind(said)
    except ValueError:
        raise typer.BadParameter(f"{said!r} is not one of {', '.join(kind)}", param_hint=hint) from None


def settings(context: typer.Context) -> Settings:
    found: Settings = context.obj
    return found


def print_json(value: Any) -> None:
    """One JSON value, with instants and enumerations in their plain form."""
    from orchestrator.canonical import plain

    sys.stdout.write(json.dumps(plain(value), indent=2, ensure_ascii=False) + "\n")


def say(text: str, *, error: bool = False) -> None:
    (sys.stderr if error else sys.stdout).write(text + "\n")


def written_lines(source: str) -> list[str]:
    """The lines of a file, or of standard input for `-`, without blank ones."""
    if not source:
        return []
    if source == "-":
        return [line.strip() for line in sys.stdin if line.strip()]
    try:
        text = Path(source).read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise typer.BadParameter(f"cannot read {source}: {type(error).__name__}", param_hint="--from") from None
    return [line.strip() for line in text.splitlines() if line.strip()]
