"""One customer organisation's rows: which collections can tell whose a row is, and the condition that does.

A collection says in `organisation` by which links, and to which column, its rows lead to their organisation. One
that says nothing is its owners': if every link by which its rows can be reached leads to rows of the organisation's,
they are too. Whatever cannot be told apart is only passed through on the way, and never reported or written.
"""

from __future__ import annotations

from psycopg.sql import SQL, Composable, Identifier

from connectors.errors import ConfigError
from connectors.heroku_postgres.fields import place
from connectors.heroku_postgres.links import Link, Map

_ANY = SQL("EXISTS (SELECT FROM {} {} WHERE {} AND {})")


def limited(laid: Map) -> frozenset[str]:
    """Collections whose rows are surely the organisation's, once `condition` holds where there is one."""
    found = {name for name, spec in laid.collections.items() if spec.organisation}
    for level in laid.owners_first:
        for group in level:
            if len(group) > 1 or group[0] in found:
                continue  # in a cycle each must say so itself
            (name,) = group
            owners = [k.to for k in laid.owning if k.table == name]
            inherits = bool(owners) and name not in owners and set(owners) <= found
            if inherits and not any(i.match for i in laid.collections[name].identities):
                found.add(name)
    return frozenset(found)


def condition(laid: Map, name: str, known: Composable) -> Composable | None:
    """A condition on `t`: the row's organisation is among `known`, a query of texts. None without a way to it.

    ConfigError if a step is no link, or there is no such column.
    """
    steps = laid.collections[name].organisation
    return _from(laid, name, "t", steps, known, 0) if steps else None


def _from(laid: Map, name: str, alias: str, steps: tuple[str, ...], known: Composable, depth: int) -> Composable:
    system, table = laid.spec.system, laid.table(name)
    step, *rest = steps
    column = place(system, table, step).column.name
    if not rest:
        return SQL("{}::text IN ({})").format(Identifier(alias, column), known)
    link = _link(laid, name, column)
    there = f"o{depth}"
    joined = SQL("{}::text = {}::text").format(Identifier(alias, column), Identifier(there, link.references[0]))
    further = _from(laid, link.to, there, tuple(rest), known, depth + 1)
    return _ANY.format(laid.table(link.to).sql, Identifier(there), joined, further)


def _link(laid: Map, name: str, column: str) -> Link:
    for link in laid.links:
        if (link.table, link.columns) == (name, (column,)) and link.to in laid.catalogue.tables:
            return link
    raise ConfigError(laid.spec.system, f"{name}: no link leads on by {column!r} to the organisation")
