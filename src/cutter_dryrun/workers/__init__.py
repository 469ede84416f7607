"""The rehearsal's other form: real workers do the phases, over a queue on the clone (``dry-run --workers N``).

=============  =========================================================================
module         noun
=============  =========================================================================
seat           one ``iu-cutter worker`` in a process of its own, with a journal that the witness reads
workforce      how many there are, and the process that starts them: once for a run
crew           the workers of one clone: started, standing still at a fence, ended
turnstiles     locks at which a phase waits until the phase before it was looked at
jobs           what lies in the clone's queue, put in and looked at
=============  =========================================================================
"""
