"""How long Google keeps deleted mail: by retention rules of Vault, which no call reads.

The Vault API has matters, holds, searches and exports; rules are set and seen in the Vault app only:
https://developers.google.com/workspace/vault/guides. So whoever administers Vault states what they say.
"""

from __future__ import annotations

from connectors.errors import UntoldError
from connectors.gmail.settings import VAULT

_RULES = "no call reads Vault's retention rules: an administrator looks at them in the Vault app (Retention)"
_MAIL = "Gmail ends no mail by its age, unless a retention rule of Vault does: give the period under vault"


def untold(system: str, collection: str) -> UntoldError:
    """Why no setting was read."""
    return UntoldError(system, f"{collection}: {_RULES if collection == VAULT else _MAIL}")
