"""The lanes' files: passwords and keys, in the data folder or where the configuration says. Never their contents."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path

from cutter_agent import config
from cutter_agent.checkup.interface import Finding, note, ok, refused, wrong
from cutter_agent.errors import CutterError
from cutter_agent.home import secrets
from cutter_agent.home.folder import DataFolder
from cutter_agent.model import Lane
from sealing.errors import SealingError
from sealing.keys import PublicKey, SigningKey


def of_the_folder(data: DataFolder) -> Iterator[Finding]:
    """Both lanes' files in the data folder. Those that no set-up has made yet are no defect."""
    for lane in Lane:
        if not any(path.exists() for path in (data.password(lane), data.signing_key(lane), data.public_key(lane))):
            yield note(f"keys of {lane}", "not made yet: the first command with a database makes them")
            continue
        yield _password(data, lane)
        yield pair(lane, data.signing_key(lane), data.public_key(lane))


def _password(data: DataFolder, lane: Lane) -> Finding:
    try:
        secrets.read_password(data, lane)
    except CutterError as error:
        return refused(f"password of {lane}", error)
    return ok(f"password of {lane}", "there, and yours alone")


def of_the_configuration(environment: Mapping[str, str]) -> Iterator[Finding]:
    """The lanes that this environment is made for: what each needs is there, and its keys can be used."""
    for lane, keys in config.LANE_KEYS.items():
        if not any(name in environment for name in (keys.user, keys.password, keys.signing_key)):
            yield note(f"keys of {lane}", "this lane is not configured here", f"Its first key: {keys.user}.")
            continue
        try:
            settings = config.lane_settings(environment, lane)
        except CutterError as error:
            yield refused(f"configuration of {lane}", error)
            continue
        public = settings.exec_public_key if lane is Lane.EXEC else settings.verify_public_key
        yield pair(lane, settings.signing_key, public)


def pair(lane: Lane, private: Path, public: Path | None) -> Finding:
    """Whether the signing key can be used, and its public half belongs to it."""
    question = f"keys of {lane}"
    try:
        key = SigningKey.load(private)
        known = PublicKey.load(public) if public is not None else None
    except SealingError as error:
        return refused(question, error)
    if known is not None and known != key.public:
        return wrong(question, f"{public} is not the public half of {private}", "Restore the pair from a backup.")
    beside = "its public half beside it" if known is not None else "its public half is not configured"
    return ok(question, f"Ed25519, key id {key.public.keyid[:16]}…, {beside}")
