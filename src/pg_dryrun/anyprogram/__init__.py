"""Any program: a foreign command rehearsed on a clone, and what it did there (design 3.7).

Nothing is known of the command but how it is called and which role it uses. It gets connection settings of the clone in
its environment; what it did is what the instruments saw on the server.
"""
