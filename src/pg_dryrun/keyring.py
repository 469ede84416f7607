"""The keys of this tool on this machine: the one that signs now, and the public halves of those that signed before.

A key is replaced by a new one and its private half is destroyed; what it signed stays checkable with its public half,
which is kept. Whether it is still believed is decided where accepted keys are listed (``check --key``, the mark of a
production): a signature cannot be taken back by its signer.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from pg_dryrun.attestation import own_key, tool_home
from sealing.keys import PublicKey, SigningKey

_CURRENT = "ed25519.pem"
_RETIRED = "retired"


@dataclass(frozen=True, kw_only=True)
class KnownKey:
    """A key that signed here. ``public`` is the file of its public half; ``retired_at`` None: it signs now."""

    keyid: str
    public: Path
    retired_at: datetime | None


def known(home: Path | None = None) -> list[KnownKey]:
    """The key that signs now (made if there is none), then the retired ones, the newest first.

    Raises ``KeyUnusable``, ``OSError``."""
    folder = (home or tool_home()) / "keys"
    key = own_key(home)
    current = folder / "ed25519.pub.pem"
    if not current.exists() or PublicKey.load(current).keyid != key.public.keyid:
        current.write_bytes(key.public.pem())
    retired = [
        KnownKey(
            keyid=PublicKey.load(path).keyid,
            public=path,
            retired_at=datetime.fromtimestamp(path.stat().st_mtime, tz=UTC),
        )
        for path in (folder / _RETIRED).glob("*.pub.pem")
    ]
    retired.sort(key=lambda item: (item.retired_at, item.keyid), reverse=True)
    return [KnownKey(keyid=key.public.keyid, public=current, retired_at=None), *retired]


def rotate(home: Path | None = None) -> list[KnownKey]:
    """From now on another key signs. May be cut off at any moment: then the old one still signs, or the new one does.

    Raises ``KeyUnusable``, ``OSError``."""
    folder = (home or tool_home()) / "keys"
    old = own_key(home)
    (folder / _RETIRED).mkdir(mode=0o700, exist_ok=True)
    (folder / _RETIRED / f"{old.public.keyid}.pub.pem").write_bytes(old.public.pem())
    fresh = folder / f".{_CURRENT}.new"
    fresh.unlink(missing_ok=True)
    SigningKey.generate().save(fresh)
    fresh.replace(folder / _CURRENT)
    return known(home)
