"""What both programs' doors share: examples in every help, completion in shells, colour as the user wants it.

Ground: it knows nobody above it, and nothing of PostgreSQL.
"""
