"""Chunks for other people's retrieval programs: a document of the store, or a file that ``export`` wrote.

``langchain`` and ``llama_index`` are optional extras of the package; this room imports neither before it is asked to.
One chunk is text of exactly one unit, so an answer can always be quoted by an address.
"""
