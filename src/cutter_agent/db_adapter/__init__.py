"""The only room that imports psycopg: one lane's way to PostgreSQL (design page 2).

=============  =========================================================================
module         noun
=============  =========================================================================
session        ``RealPostgresAdapter``: one instance, one principal, for life
transaction    ``Transaction``: what a store may do inside one explicit block
connection     ``LaneConnection``: one connection of a lane, with an end to every wait
recording      around every statement: journal, trace, our error for psycopg's
pool           ``LanePool``: the connections of one lane
principals     who the server says we are
wire           one statement over libpq and back, without a cursor
resolution     did a COMMIT happen whose answer never came?
retry          whole phases again, on 40001 and 40P01 only
sqlstates      the one module that turns ``psycopg.Error`` into an error of the cutter
statements     the declared statements, read from ``sql/*.sql``
values         how ids, times, JSON and spans travel
journal        every statement that was sent, and how it ended
settings       where, as whom, and how long to wait
interface      ``DBAdapter``: what the stores see
=============  =========================================================================
"""
