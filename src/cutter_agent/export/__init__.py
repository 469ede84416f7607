"""Documents on their way out: units as rows become text in other forms (design 4.3). Pure: rows in, text out.

Each form reads the units as a stream, in document order, and holds no body longer than it needs it. What a form cannot
say is counted by name (``losses``), never dropped in silence.
"""
