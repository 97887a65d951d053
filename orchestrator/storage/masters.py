"""The master keys that a process is given: the first wraps new keys until a rotation says otherwise, all open.

A rotation needs a while in which every process knows both keys, so references come as a list. A key at AWS KMS
never leaves it: what wraps the vault's keys is a random key of ours, of which the database holds what KMS made of
it, and which KMS opens for whoever may use the key there.
"""

from __future__ import annotations

import os
import secrets
from collections.abc import Mapping
from typing import Any

from sqlalchemy import Connection, insert, select

from connectors.errors import ConnectorError
from orchestrator.errors import NotAllowedError, OrchestratorError
from orchestrator.storage import schema
from orchestrator.storage.masterkey import SIZE, MasterKey
from orchestrator.storage.store import Store

KMS = "kms:"
_CONTEXT = {"purpose": "dsr master key"}  # KMS opens what was sealed under the same one only, and logs it


def masters(references: str, store: Store, environ: Mapping[str, str] = os.environ) -> tuple[MasterKey, ...]:
    """The keys of references separated by commas: `env:NAME`, `file:PATH`, `keyring:SERVICE/NAME`, `kms:KEY_ID`.

    Errors as `MasterKey.from_reference`; OrchestratorError if KMS does not answer or refuses.
    """
    named = [one.strip() for one in references.split(",") if one.strip()]
    if not named:
        raise NotAllowedError("no master key is named")
    found: list[MasterKey] = []
    for one in named:
        found += [_at_kms(one, store)] if one.startswith(KMS) else MasterKey.every(one, environ)
    return tuple(found)


def _at_kms(reference: str, store: Store) -> MasterKey:
    with store.read() as connection:
        row = _row(connection, reference)
    if row is None:
        sealed = _ask("encrypt", reference, Plaintext=secrets.token_bytes(SIZE))["CiphertextBlob"]
        with store.write() as connection:
            if (row := _row(connection, reference)) is None:  # another process may have been quicker
                made = {"request": reference, "master": reference, "wrapped": sealed}
                connection.execute(insert(schema.vault_keys).values(made))
                row = _row(connection, reference)
    return MasterKey(_ask("decrypt", reference, CiphertextBlob=bytes(row.wrapped))["Plaintext"])


def _row(connection: Connection, reference: str) -> Any:
    return connection.execute(select(schema.vault_keys).where(schema.vault_keys.c.request == reference)).one_or_none()


def _ask(operation: str, reference: str, **given: Any) -> Mapping[str, Any]:
    """https://docs.aws.amazon.com/kms/latest/APIReference/API_Encrypt.html and API_Decrypt.html."""
    try:
        import boto3
        from botocore.config import Config
        from botocore.exceptions import BotoCoreError, ClientError
        from urllib3.exceptions import HTTPError

        from connectors.aws.bounds import bind
    except ModuleNotFoundError:
        raise OrchestratorError("a master key at AWS KMS needs boto3: pip install 'dsr-orchestrator[aws]'") from None
    key = reference.removeprefix(KMS)
    config = Config(connect_timeout=10, read_timeout=20, retries={"total_max_attempts": 3})
    try:
        client = boto3.client("kms", region_name=_region(key), config=config)
        bind(client, "AWS KMS", 20)
        answer: Mapping[str, Any] = getattr(client, operation)(KeyId=key, EncryptionContext=_CONTEXT, **given)
    except ClientError as error:
        code = error.response.get("Error", {}).get("Code", "without a code")
        raise OrchestratorError(f"AWS KMS refused to {operation} with {reference}: {code}") from None
    except (BotoCoreError, ConnectorError, HTTPError, RecursionError, ValueError):
        raise OrchestratorError(
            f"AWS KMS did not answer for {reference}: see to region, credentials and network"
        ) from None
    return answer


def _region(key: str) -> str | None:
    """The region that an ARN names; None leaves it to the environment."""
    parts = key.split(":")
    return parts[3] if len(parts) > 5 and parts[0] == "arn" else None
