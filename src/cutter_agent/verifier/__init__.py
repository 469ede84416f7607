"""The second pair of eyes: proves a cut from what is stored (design 1.5, VERIFY). Pure.

Shares no code with the side that cuts, beyond canonical JSON and the wire of the signatures: own reading of the
manifest, own tiling check, own hashing, own idea of how addresses and parents hang together. A house test keeps it so.

Axis 1 is the round trip: do the stored units give the snapshot back, byte for byte, piece by piece? Axis 2 is
everything said about the pieces: addresses, parents, labels, the approval, the executor's signature, the ledger.
"""
