"""The review page: a door beside the command line, for people who decide in a browser (design 4.5).

Server-rendered, no script that it needs, no address but its own. Needs the extra ``web``. The process that serves
it holds DOT-991's login and nothing of DOT-992; it cuts what was approved and never verifies.
"""
