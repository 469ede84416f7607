"""The read-only JSON API of the review page: ``/api/v1/…`` for programs (docs/reference/api.md).

One table of routes (``routes``) makes the addresses, the checks of what is asked, the OpenAPI document and the
reference page. A program brings a token, a browser its session; either reads, and nothing here writes.
"""
