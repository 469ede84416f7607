"""dot-iu-cutter: laws and policies to addressable, versioned, provably lossless information units in PostgreSQL."""

__version__ = "0.1.0"
