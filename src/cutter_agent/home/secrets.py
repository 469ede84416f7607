"""The lanes' secrets in the data folder: a random password and an Ed25519 key each, made once, kept at 0600.

A lane's files are read by a process of that lane only: ``read_password`` and the signing key's path are asked for by
lane, and nothing here reads both.
"""

from __future__ import annotations

import secrets
import stat
from pathlib import Path

from cutter_agent.errors import ConfigError
from cutter_agent.home.folder import DataFolder, write_bytes, write_whole
from cutter_agent.model import Lane
from sealing.keys import PublicKey, SigningKey

_PASSWORD_BYTES = 32


def ensure(folder: DataFolder, lane: Lane) -> None:
    """Make what is missing of one lane; what is there stays. Only under the folder's lock; safe to repeat.

    The private key is in place before the public one, so a public key without its private half is a loss, not a
    half-done set-up, and is never papered over: signatures of the ledger would no longer verify.

    Raises:
        ConfigError: the private key is gone or is not the public key's.
    """
    if not folder.password(lane).exists():
        write_bytes(folder.password(lane), secrets.token_hex(_PASSWORD_BYTES).encode(), mode=0o600)
    if not folder.public_key(lane).exists():
        if not folder.signing_key(lane).exists():
            write_whole(folder.signing_key(lane), SigningKey.generate().save)
        pem = SigningKey.load(folder.signing_key(lane)).public.pem()
        write_bytes(folder.public_key(lane), pem, mode=0o644)
    _require_pair(folder, lane)


def _require_pair(folder: DataFolder, lane: Lane) -> None:
    private, public = folder.signing_key(lane), folder.public_key(lane)
    if not private.exists():
        raise ConfigError(
            f"{private}: the signing key of {lane} is gone while its public key is there",
            remedy="Restore it from a backup. To begin with a new key, put its public half above the old one in "
            f"{public}: what the old one signed is checked with it (docs/operations/key-rotation.md).",
        )
    if PublicKey.load(public).keyid != SigningKey.load(private).public.keyid:
        raise ConfigError(
            f"{public}: not the public half of {private}", remedy="Restore the pair of keys from a backup."
        )


def read_password(folder: DataFolder, lane: Lane) -> str:
    """The lane's database password.

    Raises:
        ConfigError: missing, empty, or readable by others.
    """
    path = folder.password(lane)
    try:
        mode = stat.S_IMODE(path.stat().st_mode)
        password = path.read_text(encoding="ascii")
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(f"{path}: {type(error).__name__}", remedy=_restore(path)) from error
    if mode & 0o077:
        raise ConfigError(f"{path}: mode {mode:04o} lets others read a password", remedy=f"chmod 600 {path}")
    if not password:
        raise ConfigError(f"{path}: empty", remedy=_restore(path))
    return password


def _restore(path: Path) -> str:
    return (
        f"Remove {path}: the next command makes a new one. If the whole folder was damaged, restore it from a backup."
    )
