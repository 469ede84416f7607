"""Split, merge, retire, renumber, redirect: existing units changed without a new source (design 1.8, 4.3). Pure.

The front door of the room. What was decided here is honoured by every later re-cut (``conform``).
"""

from __future__ import annotations

from cutter_agent.topology.conform import Conformed, conform, governed_of, stands_of
from cutter_agent.topology.ground import Ground, ground, names_of
from cutter_agent.topology.naming import Name, propose_names
from cutter_agent.topology.orders import Mark, Order, mark_of
from cutter_agent.topology.proposal import order_sha256, propose
from cutter_agent.topology.showing import lines, record_of
from cutter_agent.topology.trail import Named, Names, Trail, followed

__all__ = [
    "Conformed",
    "Ground",
    "Mark",
    "Name",
    "Named",
    "Names",
    "Order",
    "Trail",
    "conform",
    "followed",
    "governed_of",
    "ground",
    "lines",
    "mark_of",
    "names_of",
    "order_sha256",
    "propose",
    "propose_names",
    "record_of",
    "stands_of",
]
