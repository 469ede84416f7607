"""The review page: a door beside the command line, for people who decide in a browser (design 4.5).

Server-rendered, without a script and without any address but its own. Needs the extra ``web``. The process that serves
it holds DOT-991's login and nothing of DOT-992; it never cuts and never verifies.
"""
