"""What must stay secret: the vault that seals it, and the key of the vault."""

from storetwin.security.sealing import Sealer, masked
from storetwin.security.vault import SealBrokenError, Vault, WrongEncryptionKeyError

__all__ = ["SealBrokenError", "Sealer", "Vault", "WrongEncryptionKeyError", "masked"]
