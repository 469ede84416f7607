"""Made-up editions of a law with the truth about every unit: what a draftsman did to it, and where it stands now.

A law is articles of clauses of points; a word list with many frequent words makes texts of one law somewhat alike, as
real ones are. It is written out as Vietnamese law, Markdown or an English statute, and cut by that profile; a unit is
known by the byte its label stands at.
"""

from __future__ import annotations

import random
from bisect import bisect_right
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from itertools import count

from cutter_agent import recut
from cutter_agent.model import Segmentation
from cutter_agent.recut import Matching
from cutter_agent.segmenter import profiles, segment

LETTERS = {"vn-law": list("abcdđeghiklmnopqrstuvxy"), "": list("abcdefghijklmnopqrstuvwxyz")}
_CONSONANTS, _VOWELS = "bcdghklmnprstvx", "aeiou"


@dataclass
class Node:
    """A provision. ``origin``: the ids of the old provisions it is, or was made from."""

    text: list[str]
    children: list[Node] = field(default_factory=list)
    label: str = ""
    origin: tuple[int, ...] = ()
    key: int = -1

    def walk(self) -> Iterator[Node]:
        """This one and all below it."""
        yield self
        for child in self.children:
            yield from child.walk()


@dataclass(frozen=True)
class Written:
    """An edition: its bytes and, for each provision in order, where its label begins."""

    data: bytes
    places: list[tuple[int, Node]]
    cut: Segmentation

    def unit_of(self, place: int) -> int:
        """The unit whose own span holds the byte."""
        return bisect_right([unit.start_byte for unit in self.cut.units], place) - 1


class Drafter:
    """Makes laws and edits them, from one seed."""

    def __init__(self, seed: int, profile: str) -> None:
        self.rng = random.Random(seed)  # noqa: S311 - repeatable, not secret
        self.profile = profile
        make = random.Random(7)  # noqa: S311
        pick = make.choice
        words = {"".join(pick(_CONSONANTS) + pick(_VOWELS) for _ in range(make.randint(1, 4))) for _ in range(1500)}
        self._words = sorted(words)
        make.shuffle(self._words)
        self._weights = [1 / (rank + 3) for rank in range(len(self._words))]
        self._ids = count()

    def prose(self, low: int, high: int) -> list[str]:
        """Words, the frequent ones often."""
        return self.rng.choices(self._words, self._weights, k=self.rng.randint(low, high))

    def law(self, articles: int) -> list[Node]:
        """A law of that many articles."""
        out = []
        for _ in range(articles):
            article = Node(self.prose(3, 8))
            for _ in range(self.rng.choice([0, 2, 3, 4, 6])):
                points = self.rng.choice([0, 0, 0, 2, 3, 5])
                article.children.append(Node(self.prose(8, 40), [Node(self.prose(4, 20)) for _ in range(points)]))
            out.append(article)
        for node in (n for a in out for n in a.walk()):
            node.key = next(self._ids)
            node.origin = (node.key,)
        return out

    def edited(self, law: Sequence[Node], edits: int) -> tuple[list[Node], Counter[str]]:
        """A later edition, and which edits were made."""
        new = [copy(node) for node in law]
        done: Counter[str] = Counter()
        for _ in range(edits):
            kind = self.rng.choice(["revise"] * 5 + ["insert", "insert", "delete", "move", "split", "merge"])
            family = self._family(new)
            done[kind] += getattr(self, f"_{kind}")(family, new)
        return new, done

    def _family(self, new: list[Node]) -> list[Node]:
        families = [new, *(n.children for a in new for n in a.walk() if len(n.children) > 1)]
        return self.rng.choice(families if self.rng.random() < 0.9 else families[:1])

    def _revise(self, family: list[Node], _law: list[Node]) -> bool:
        node = self.rng.choice(family)
        share = self.rng.choice([0.05, 0.1, 0.2, 0.3])
        node.text = [self.prose(1, 1)[0] if self.rng.random() < share else word for word in node.text]
        return True

    def _insert(self, family: list[Node], new: list[Node]) -> bool:
        fresh = (
            Node(self.prose(3, 8), [Node(self.prose(8, 40)) for _ in range(3)])
            if family is new
            else Node(self.prose(8, 30))
        )
        family.insert(self.rng.randint(0, len(family)), fresh)
        return True

    def _delete(self, family: list[Node], _law: list[Node]) -> bool:
        if len(family) < 3:
            return False
        del family[self.rng.randrange(len(family))]
        return True

    def _move(self, family: list[Node], _law: list[Node]) -> bool:
        if len(family) < 3:
            return False
        node = family.pop(self.rng.randrange(len(family)))
        family.insert(self.rng.randint(0, len(family)), node)
        return True

    def _split(self, family: list[Node], new: list[Node]) -> bool:
        long = [k for k, n in enumerate(family) if len(n.text) >= 16 and not n.children and len(n.origin) == 1]
        if family is new or not long:
            return False
        k = self.rng.choice(long)
        node, half = family[k], len(family[k].text) // 2
        family[k : k + 1] = [Node(node.text[:half], origin=node.origin), Node(node.text[half:], origin=node.origin)]
        return True

    def _merge(self, family: list[Node], new: list[Node]) -> bool:
        near = [k for k in range(len(family) - 1) if not family[k].children and not family[k + 1].children]
        near = [k for k in near if len(family[k].origin) == len(family[k + 1].origin) == 1]
        if family is new or len(family) < 3 or not near:
            return False
        k = self.rng.choice(near)
        a, b = family[k : k + 2]
        family[k : k + 2] = [Node(a.text + b.text, origin=(*a.origin, *b.origin))]
        return True

    def written(self, law: Sequence[Node]) -> Written:
        """The law as text, numbered anew, and cut."""
        out, places, size = [], list[tuple[int, Node]](), 0
        for piece, node, at in _lines(law, self.profile):
            if node is not None:
                places.append((size + at, node))
            out.append(piece)
            size += len(piece.encode())
        data = "".join(out).encode()
        return Written(data, places, segment(data, profile=profiles.load(self.profile), document_code="X"))


def copy(node: Node) -> Node:
    """A node and all below it."""
    return replace(node, text=list(node.text), children=[copy(child) for child in node.children])


def _sentence(words: Sequence[str], stop: str) -> str:
    return " ".join(words).capitalize() + stop


def _lines(law: Sequence[Node], profile: str) -> Iterator[tuple[str, Node | None, int]]:
    """Pieces of text; with each that holds a label its node and where in the piece the label begins, in bytes."""
    letters = LETTERS.get(profile, LETTERS[""])
    for n, article in enumerate(law, 1):
        title = _sentence(article.text, "")
        if profile == "vn-law":
            yield f"Điều {n}. {title}\n", article, 0
        elif profile == "markdown":
            yield f"## {n}. {title}\n\n", article, 0
        else:
            yield f"{title}\n{n} " + ("" if article.children else "The same.\n"), article, len(title) + 1
        for k, clause in enumerate(article.children, 1):
            body = _sentence(clause.text, ":" if clause.children else ".")
            if profile == "vn-law":
                yield f"{k}. {body}\n", clause, 0
            elif profile == "markdown":
                yield f"({k}) {body}\n\n", clause, 0
            else:
                lead = "" if k == 1 else "  "
                yield f"{lead}({k}) {body}\n", clause, len(lead)
            for p, point in enumerate(clause.children):
                text = " ".join(point.text)
                lead = {"vn-law": "", "markdown": "- "}.get(profile, "    ")
                label = f"{letters[p]})" if profile != "en-statute" else f"({letters[p]})"
                yield f"{lead}{label} {text};\n", point, 0 if profile == "markdown" else len(lead)
            if profile == "markdown" and clause.children:
                yield "\n", None, 0


@dataclass
class Score:
    """Counts over many editions."""

    counts: Counter[str] = field(default_factory=Counter)
    wrong: list[str] = field(default_factory=list)

    def add(self, old: Written, new: Written, matching: Matching) -> None:
        """Compares a matching with the truth."""
        linked = {p.old: p.new for p in matching.pairs}
        back = {j: i for i, j in linked.items()}
        asked = {(i, j) for q in matching.questions for i in q.old for j in q.new}
        asked |= {(s.old, j) for s in matching.split for j in s.new} | {
            (i, m.new) for m in matching.merged for i in m.old
        }
        old_at = {node.key: old.unit_of(at) for at, node in old.places}
        heirs: dict[int, list[int]] = {}
        for at, node in new.places:
            for key in node.origin:
                heirs.setdefault(key, []).append(new.unit_of(at))
            if not node.origin:
                j = new.unit_of(at)
                self._count("new", j not in back or (back[j], j) in asked, new, at)
        merged = {key for _, node in new.places if len(node.origin) > 1 for key in node.origin}
        for at, node in old.places:
            i, found = old_at[node.key], heirs.get(node.key, [])
            if not found:
                self._count("retired", i not in linked or (i, linked[i]) in asked, old, at)
            elif len(found) > 1 or node.key in merged:
                known = any(linked.get(i) == j or (i, j) in asked for j in found)
                self._count("parted", known, old, at)
            else:
                j = found[0]
                self._count("kept", linked.get(i) == j, old, at)
                self.counts["kept_or_asked"] += linked.get(i) == j or (i, j) in asked
                if linked.get(i) not in (j, None) and (i, linked[i]) not in asked:
                    self.counts["silently_wrong"] += 1

    def _count(self, word: str, good: bool, edition: Written, at: int) -> None:
        self.counts[word] += 1
        self.counts[f"{word}_right"] += good
        if not good:
            self.wrong.append(f"{word}: {edition.data[at : at + 100].decode(errors='replace')!r}")

    def share(self, word: str) -> float:
        """How much of it is right."""
        return self.counts[f"{word}_right"] / max(1, self.counts[word])


def scored(profile: str, seeds: Sequence[int], *, articles: int = 25, edits: int = 8) -> Score:
    """Many pairs of editions, matched and compared with the truth."""
    score = Score()
    for seed in seeds:
        drafter = Drafter(seed, profile)
        law = drafter.law(articles)
        old = drafter.written(law)
        later, done = drafter.edited(law, edits)
        new = drafter.written(later)
        score.counts.update({f"edit_{kind}": n for kind, n in done.items()})
        score.add(old, new, recut.match(old.cut, old.data, new.cut, new.data))
    return score
