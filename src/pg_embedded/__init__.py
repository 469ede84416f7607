"""pg_embedded: private PostgreSQL servers from a pip-installed PostgreSQL, for a test, a rehearsal or a lasting home.

Ground: knows nobody above it and needs nothing but the standard library and PostgreSQL's own programs.
"""
