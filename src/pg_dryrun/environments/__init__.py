"""Who lends a throw-away PostgreSQL: one shape (``interface``), several lenders (design 3.4)."""
