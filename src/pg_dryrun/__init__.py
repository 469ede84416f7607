"""pg_dryrun: a rehearsal of any PostgreSQL writer on a faithful isolated restore, with an honest verdict.

Knows nothing of any particular writer: it takes a ``Subject`` (see ``subject``) or a command line.
"""
