"""The ground both houses stand on: canonical JSON, digests, DSSE envelopes, Ed25519 keys, in-toto statements.

Knows no database, no file layout, no command line. Everything here is a value in, a value out.
"""
