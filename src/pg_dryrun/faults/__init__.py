"""Breaking a writer on purpose, at every place where it waits for the server, and running it again (design 3.2).

Knows nothing of any writer: it is given commands that run in processes of their own, finds their boundaries by
listening to an undisturbed run on the wire, and judges by the rows that are there afterwards.
"""
