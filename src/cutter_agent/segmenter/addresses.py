"""Addresses of headings (design 1.8): document code first, tokens by the profile, unique, parents before children."""

from __future__ import annotations

from collections.abc import Sequence

from cutter_agent.model import Finding, Severity
from cutter_agent.segmenter.grammar import Profile
from cutter_agent.segmenter.outline import Heading

DUPLICATE = "TRUNG"


class Minting:
    """Mints each address once. A second claim on one gets an explicit ``-TRUNG2`` and an exception for the reviewer."""

    def __init__(self) -> None:
        self.findings: list[Finding] = []
        self._taken: set[str] = set()
        self._counts: dict[str, int] = {}

    def mint(self, wanted: str, start_byte: int) -> str:
        if wanted not in self._taken:
            self._taken.add(wanted)
            return wanted
        count = self._counts.get(wanted, 1)
        while True:
            count += 1
            address = f"{wanted}-{DUPLICATE}{count}"
            if address not in self._taken:
                break
        self._counts[wanted] = count
        self._taken.add(address)
        self.findings.append(
            Finding(
                code="address_collision",
                severity=Severity.EXCEPTION,
                start_byte=start_byte,
                message=f"the address {wanted} is taken; this unit is proposed as {address}",
            )
        )
        return address


def addresses(
    headings: Sequence[Heading], profile: Profile, document_code: str
) -> tuple[list[str], list[str | None], list[Finding]]:
    """For each heading its address and its parent's, and the collisions."""
    minting = Minting()
    levels = profile.levels
    under = [tuple(i for i, outer in enumerate(levels) if outer.name in level.address_under) for level in levels]
    scope = document_code
    scope_parent: str | None = None
    open_addresses: list[str | None] = [None] * len(levels)
    out: list[str] = []
    parents: list[str | None] = []
    for heading in headings:
        if heading.block is not None:
            address = minting.mint(f"{document_code}-{heading.block.token}", heading.start_byte)
            out.append(address)
            parents.append(None)
            open_addresses = [None] * len(levels)
            continue
        rank = heading.level
        base = next((a for i in reversed(under[rank]) if (a := open_addresses[i]) is not None), scope)
        number = heading.number.spelling if heading.number else ""
        address = minting.mint(f"{base}-{levels[rank].token}{number}", heading.start_byte)
        parents.append(next((a for a in reversed(open_addresses[:rank]) if a is not None), scope_parent))
        open_addresses[rank] = address
        for inner in range(rank + 1, len(levels)):
            open_addresses[inner] = None
        out.append(address)
    return out, parents, minting.findings
