"""The five phases and the way on after a failure: a pure ``decide``, then ``apply`` in one transaction (design 1.5).

=========  ==========================================================  ===============
module     promise                                                     isolation
=========  ==========================================================  ===============
mark       a document becomes an entry, once                           READ COMMITTED
sweep      waiting entries become reviewable, in key order             READ COMMITTED
review     somebody independent approves, defers or rejects            READ COMMITTED
resolve    after a failed verification: try again, or give up          READ COMMITTED
cut        exactly what was approved becomes units                     SERIALIZABLE
verify     another identity proves it, or escalates                    SERIALIZABLE
=========  ==========================================================  ===============
"""
