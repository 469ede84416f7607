"""The stores: what the phases' ports ask, said in declared statements (design 2.3).

=========  =====================================================
module     noun
=========  =====================================================
mapping    rows of PostgreSQL to records and back
backlog    what both lanes do with entries, histories, signatures
executor   ``ExecutorStore`` and ``ExecutorDatabase``: DOT-991
verifier   ``VerifierStore`` and ``VerifierDatabase``: DOT-992
reads      reports, trees, rebuilt documents: nothing is written
=========  =====================================================
"""
