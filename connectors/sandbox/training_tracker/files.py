"""The files: what the sandbox's S3 holds, planted and read back with a client of its own."""

from __future__ import annotations

import re
from contextlib import ExitStack
from datetime import datetime
from pathlib import Path
from typing import Any

from connectors.sandbox.aws.server import ACCOUNT
from connectors.sandbox.training_tracker.people import PEOPLE, USERS, Person

UPLOADS, REPORTS, BILLING, CERTIFICATES = BUCKETS = ("tt-uploads", "tt-reports", "tt-billing", "tt-certificates")
VERSIONED = (UPLOADS, CERTIFICATES)
CROWD = range(25, USERS, 125)  # some others, so that a listing has strangers in it


def plant_files(s3: Any, now: datetime) -> None:
    """Fill empty buckets: keys that begin alike, several versions, delete markers, owners as tags."""
    for bucket in BUCKETS:
        s3.create_bucket(Bucket=bucket)
        if bucket in VERSIONED:
            s3.put_bucket_versioning(Bucket=bucket, VersioningConfiguration={"Status": "Enabled"})
    for who in PEOPLE:
        _person(s3, who.user_id, who.name, now)
    for user_id in CROWD:
        _person(s3, user_id, f"user {user_id}", now, few=True)
    _put(s3, UPLOADS, "avatars/42.png.bak", "a neighbour by name only")
    _put(s3, UPLOADS, "users/42.txt", "a neighbour by name only")


def _person(s3: Any, user_id: int, name: str, now: datetime, few: bool = False) -> None:
    _put(s3, UPLOADS, f"avatars/{user_id}.png", f"picture of {name}")
    _put(s3, CERTIFICATES, f"certs/{user_id}-c{user_id + 1}.pdf", f"{name} has passed")
    if few:
        return
    _put(s3, UPLOADS, f"avatars/{user_id}.png", f"new picture of {name}")
    _put(s3, UPLOADS, f"users/{user_id}/cv.txt", f"{name} was born")
    _put(s3, UPLOADS, f"users/{user_id}/notes/first.txt", f"notes of {name}")
    s3.delete_object(Bucket=UPLOADS, Key=f"users/{user_id}/notes/first.txt")
    _put(s3, REPORTS, f"{now:%Y}/report-{user_id}.pdf", f"report for {name}", Tagging=f"owner={user_id}")
    _put(s3, BILLING, f"invoices/{user_id}/latest.pdf", f"invoice to {name}")


def _put(s3: Any, bucket: str, key: str, text: str, **more: Any) -> None:
    s3.put_object(Bucket=bucket, Key=key, Body=text.encode(), ContentType="text/plain", **more)


def files_of(person: Person) -> list[tuple[str, ...]]:
    """Every version and delete marker of the person's objects, as the server holds them: (bucket, key, version,
    content)."""
    from moto.s3.models import FakeDeleteMarker, s3_backends

    theirs = re.compile(rf"(?:^|[/-]){person.user_id}(?:/|\.png$|\.pdf$|-[^/]*\.pdf$)")
    buckets = s3_backends[ACCOUNT]["aws"].buckets
    found: list[tuple[str, ...]] = []
    for bucket in BUCKETS:
        for key, versions in buckets[bucket].keys.lists():
            if theirs.search(key):
                found += [
                    (bucket, key, held.version_id, "delete marker" if isinstance(held, FakeDeleteMarker) else
                     held.value.decode())
                    for held in versions
                ]  # fmt: skip
    return sorted(found)


class Files:
    """The store: Amazon S3. `aws` is the server of all Amazon services."""

    def __init__(self) -> None:
        self.environ: dict[str, str] = {}

    def start(self, stack: ExitStack, directory: Path, port: int) -> None:
        from connectors.sandbox.aws import AwsSandbox

        self.aws = stack.enter_context(AwsSandbox(port=port))
        self.environ.update(
            DSR_SANDBOX_AWS_URL=self.aws.url,
            DSR_SANDBOX_AWS_ACCESS_KEY_ID=self.aws.access_key_id,
            DSR_SANDBOX_AWS_SECRET_ACCESS_KEY=self.aws.secret_access_key,
        )

    def plant(self, now: datetime) -> None:
        self.aws.reset()
        plant_files(self.aws.client("s3"), now)

    def of(self, person: Person) -> object:
        return files_of(person)
