"""What must stay secret: the vault that seals it, and the key of the vault."""

from storetwin.security.vault import SealBrokenError, Vault, WrongEncryptionKeyError

__all__ = ["SealBrokenError", "Vault", "WrongEncryptionKeyError"]
