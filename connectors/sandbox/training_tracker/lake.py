"""Exports that stand as files of rows on S3: Parquet, gzipped CSV, JSON Lines and an archive of log lines."""

from __future__ import annotations

import csv
import gzip
import io
import json
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

from connectors.sandbox.store import AmazonStore
from connectors.sandbox.training_tracker.crowd import person
from connectors.sandbox.training_tracker.people import PEOPLE, USERS, Person

BUCKET = "tt-lake"
CROWD = range(61, USERS, 100)
EVENTS, SIGNUPS, CLICKS, LINES = (
    "events/month=10/part-0.parquet",
    "signups/all.csv.gz",
    "clicks/1.jsonl",
    "logs/1.tsv.gz",
)


class Lake(AmazonStore):
    """The store: files of rows on S3, whose old versions are kept."""

    def plant(self, now: datetime) -> None:
        s3 = self.aws.client("s3")
        s3.create_bucket(Bucket=BUCKET)
        s3.put_bucket_versioning(Bucket=BUCKET, VersioningConfiguration={"Status": "Enabled"})
        everybody = [*PEOPLE, *map(person, CROWD)]
        written = {
            EVENTS: _parquet([_event(who, now, n) for n in range(3) for who in everybody]),
            SIGNUPS: gzip.compress(_csv([_signup(who, now) for who in everybody]), mtime=0),
            CLICKS: b"".join(json.dumps(_click(who, now)).encode() + b"\n" for who in everybody),
            LINES: gzip.compress("".join(_lines(everybody, now)).encode(), mtime=0),
        }
        for key, content in written.items():
            s3.put_object(Bucket=BUCKET, Key=key, Body=content, Metadata={"made-by": "nightly"}, Tagging="team=data")

    def of(self, person: Person) -> object:
        """The rows of the current files by their key; the events with the order they stand in."""
        import pyarrow.parquet as pq

        events = [row for row in pq.read_table(io.BytesIO(self._body(EVENTS))).to_pylist() if _is_of(row, person)]
        signups = csv.DictReader(io.StringIO(gzip.decompress(self._body(SIGNUPS)).decode(), newline=""))
        clicks = map(json.loads, self._body(CLICKS).splitlines())
        lines = gzip.decompress(self._body(LINES)).decode().splitlines()
        mark = f"email={person.email} user_id={person.user_id}"
        return {
            EVENTS: events,
            SIGNUPS: [row for row in signups if row["user_id"] == str(person.user_id)],
            CLICKS: [row for row in clicks if _is_of(row, person)],
            LINES: [line for line in lines if line.endswith(mark)],
        }

    def _body(self, key: str) -> bytes:
        held: bytes = self.aws.client("s3").get_object(Bucket=BUCKET, Key=key)["Body"].read()
        return held


def _event(who: Person, now: datetime, number: int) -> dict[str, Any]:
    user = {"id": who.user_id, "email": who.email, "roles": [who.role]}
    return {"at": now - timedelta(days=40, hours=number), "user": user, "page": f"/courses/{number}", "city": "Madison"}


def _signup(who: Person, now: datetime) -> dict[str, Any]:
    when = (now - timedelta(days=400)).isoformat()
    return {
        "user_id": who.user_id,
        "email": who.email,
        "name": who.name,
        "note": 'said "hello",\r\nand more',
        "at": when,
    }


def _click(who: Person, now: datetime) -> dict[str, Any]:
    return {"user": {"id": who.user_id}, "at": now.isoformat(), "target": "newsletter"}


def _lines(people: list[Person], now: datetime) -> Iterator[str]:
    """Tab-separated, as Papertrail archives them."""
    at = f"{now - timedelta(days=60):%Y-%m-%d %H:%M:%S} +0000"
    for number, who in enumerate(people):
        message = f"at=info export email={who.email} user_id={who.user_id}"
        yield f"{number}\t{at}\t{at}\t7\tweb\t192.0.2.1\tUser\tInfo\tapp\t{message}\n"


def _csv(rows: list[dict[str, Any]]) -> bytes:
    text = io.StringIO(newline="")
    writer = csv.DictWriter(text, list(rows[0]))
    writer.writeheader()
    writer.writerows(rows)
    return text.getvalue().encode()


def _parquet(rows: list[dict[str, Any]]) -> bytes:
    import pyarrow as pa
    import pyarrow.parquet as pq

    into = io.BytesIO()
    pq.write_table(pa.Table.from_pylist(rows), into, compression="zstd", row_group_size=50)
    return into.getvalue()


def _is_of(row: dict[str, Any], person: Person) -> bool:
    return bool(row["user"]["id"] == person.user_id)
