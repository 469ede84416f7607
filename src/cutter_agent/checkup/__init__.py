"""What is set up, what is missing, what to do (``iu-cutter doctor``): questions, each answered; nothing is changed.

An administrator's room, as ``db`` is: it looks at the files of both lanes and says whether they can be used, never what
is in them.
"""
