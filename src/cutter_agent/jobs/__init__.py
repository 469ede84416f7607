"""Many machines: the steps of the pipeline as jobs of Procrastinate, on the same PostgreSQL. An optional extra.

The only room that imports procrastinate. It knows nothing of laws: what a job does is handed in (``hands``). Nothing in
the queue is ever believed: each step reads the ledger first, and the ledger's keys decide. A job that is lost is made
again by the next sweep, a job that runs twice, at the same time or by a worker that was thought dead, changes nothing.

=============  =========================================================================
module         noun
=============  =========================================================================
hands          what a worker of each lane can do
application    Procrastinate's app for one lane: tasks, queues, locks, what is periodic
retrying       which error is tried again, and when, by the adapter's dispositions
running        a worker from its start to SIGTERM; a server that restarts is waited for
desk           put in, look, retry: for the commands
place          where the queue is, and as whom
=============  =========================================================================
"""
