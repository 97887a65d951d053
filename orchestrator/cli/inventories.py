"""`dsr inventory …`: check, show, and the schema for editors."""

from __future__ import annotations

import typer

from orchestrator.cli import surveys
from orchestrator.cli.session import AsJson, print_json, say, settings

app = typer.Typer(no_args_is_help=True, help="Check and show the inventory.")
surveys.register(app)


@app.command()
def validate(context: typer.Context, as_json: AsJson = False) -> None:
    """Check the inventory: every problem with its line, its path and the way out."""
    loaded = settings(context).load()
    collections = sum(len(s.collections) for s in loaded.systems.values())
    if as_json:
        print_json({"valid": True, "digest": loaded.digest, "systems": len(loaded.systems), "collections": collections})
    else:
        say(f"valid: {len(loaded.systems)} systems, {collections} collections, {len(loaded.rules)} retention rules")


@app.command()
def show(context: typer.Context, as_json: AsJson = False) -> None:
    """What is held where, and what happens to it on deletion."""
    loaded = settings(context).load()
    rows = [
        [system.name, system.connector or "by hand", collection.name, str(collection.role), str(collection.on_deletion),
         "".join(collection.categories), ", ".join(r.id for r in loaded.rules_for(system.name, collection.name))]
        for system in loaded.systems.values() for collection in system.collections.values()
    ]  # fmt: skip
    rows += [[s.name, "by hand", "", "", "manual", "", s.owner] for s in loaded.systems.values() if not s.collections]
    heads = ["system", "connector", "collection", "role", "on deletion", "categories", "rules or owner"]
    if as_json:
        print_json([dict(zip(heads, row, strict=True)) for row in rows])
        return
    from orchestrator.cli.show import table

    table(f"{loaded.company}, {loaded.mode}", heads, rows)


@app.command()
def schema(as_json: AsJson = True) -> None:
    """Print the JSON Schema of inventories, for editors. It is JSON with and without --json."""
    from orchestrator.inventory.schema import schema_json

    say(schema_json())
