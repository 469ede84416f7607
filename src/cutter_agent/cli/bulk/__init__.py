"""Many documents in one call: looked at first, then cut, one after another or by several processes.

``survey`` says what each file is before anything is written; ``worker`` brings one document to its end; ``crew`` has
``member`` processes do that side by side; ``tally`` says what became of all of them.
"""
