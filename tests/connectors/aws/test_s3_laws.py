"""S3 obeys the laws of connectors: by key in a versioned bucket, by tag and by metadata in others."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import AbstractContextManager
from dataclasses import replace
from typing import ClassVar

from connectors.model import CollectionSpec, Disclosure, FieldSpec, Identifier, Secret, Subject, SystemSpec, Trust
from connectors.sandbox.aws import AwsSandbox
from connectors.sandbox.faults import Fault
from connectors.testing import conformance
from tests.connectors.aws import world

_SEEN, _HIDDEN = world.CONTENT, FieldSpec("content", "I", Disclosure.NEVER, "identity documents")


class S3Harness:
    exempt: ClassVar[Mapping[str, str]] = {}
    subject = Subject.of(
        Identifier("user_id", "1", Trust.ASSIGNED), Identifier("email", "ann.lee@example.com", Trust.PROVEN)
    )
    bystander = Subject.of(
        Identifier("user_id", "10", Trust.ASSIGNED), Identifier("email", "joann.lee@example.com", Trust.PROVEN)
    )
    canaries = ("ann.lee", "users/1/", "certs/1-", "passport-of-ann", "letter of ann")
    never = ("passport-of-ann", "joann", "of both")
    disclosed = ("letter of ann 0", "letter of ann 4", "report of ann", "old report of ann", "card of ann")

    def start(self) -> None:
        self.aws = AwsSandbox().__enter__()

    def stop(self) -> None:
        self.aws.__exit__(None, None, None)

    def settle(self) -> None:
        """S3 is strongly consistent: https://aws.amazon.com/s3/consistency/."""

    def plant(self) -> Mapping[str, int]:
        self.aws.reset()
        world.bucket(self.aws)
        world.bucket(self.aws, "", "tt-reports")
        world.bucket(self.aws, "Suspended", "tt-cards")
        client = self.aws.client("s3")
        for n in range(5):
            world.put(self.aws, f"users/1/letter-{n}.txt", f"letter of ann {n}".encode())
            world.put(self.aws, f"users/10/letter-{n}.txt", f"letter of joann {n}".encode())
        for user in ("1", "10"):
            client.delete_object(Bucket=world.BUCKET, Key=f"users/{user}/letter-0.txt")
            client.create_multipart_upload(Bucket=world.BUCKET, Key=f"users/{user}/film.mp4")
        world.put(self.aws, "certs/1-passport.pdf", b"passport-of-ann")
        world.put(self.aws, "certs/10-passport.pdf", b"passport-of-joann")
        world.put(self.aws, "certs/1-x/10.pdf", b"joann's")
        for n, (owner, body) in enumerate(
            (("1", "report of ann"), ("10", "report of joann"), ("1", "old report of ann"))
        ):
            world.put(self.aws, f"r/{n}", body.encode(), "tt-reports", Tagging=f"owner={owner}")
        world.put(self.aws, "r/9", b"report of both", "tt-reports", Tagging="owner=1 10")
        for n, (owner, body) in enumerate((("Ann.Lee@example.com", "card of ann"), ("joann.lee@example.com", "joann"))):
            world.put(self.aws, f"c/{n}", body.encode(), "tt-cards", Metadata={"user_email": owner})
        return {"uploads": 7, "passports": 1, "reports": 3, "cards": 1}

    def spec(self) -> SystemSpec:
        by_key = {"bucket": world.BUCKET, "key_patterns": ["users/{user_id}/"]}
        passports = {"bucket": world.BUCKET, "key_patterns": ["certs/{user_id}-*.pdf"]}
        return world.spec(
            self.aws,
            CollectionSpec("uploads", fields=(_SEEN,), options=by_key),
            CollectionSpec("passports", fields=(_HIDDEN,), options=passports),
            CollectionSpec("reports", fields=(_SEEN,), options={"bucket": "tt-reports", "tag": {"owner": "user_id"}}),
            CollectionSpec(
                "cards", fields=(_SEEN,), options={"bucket": "tt-cards", "metadata": {"user_email": "email"}}
            ),
            page_size=2,
            timeout=2.5,
        )

    def spec_refused(self) -> SystemSpec:
        secrets = {**world.SECRETS, "access_key_id": Secret("sandbox-revoked")}
        return replace(self.spec(), secrets=secrets)

    def untouched(self) -> object:
        held = {
            (name, *at): what for name in (world.BUCKET, "tt-reports", "tt-cards")
            for at, what in world.stored(self.aws, name).items()
        }  # fmt: skip
        begun = self.aws.client("s3").list_multipart_uploads(Bucket=world.BUCKET).get("Uploads", [])
        others = {
            at: what for at, what in held.items() if "joann" in str(what) or "both" in str(what) or "/10/" in at[1]
        }
        return others, [u["UploadId"] for u in begun if "/10/" in u["Key"]]

    def fault(self, fault: Fault, after: int = 0, times: int = 1_000_000) -> AbstractContextManager[None]:
        return self.aws.faults.inject(fault, after=after, times=times)


TestS3 = conformance(S3Harness)
