-- Living units are found by their words, Vietnamese with its marks and without (design 4.5). Runs as the owner role. No row is rewritten.

-- Built-in functions only: they need no extension, no right to execute, and no dictionary that a server could change. Decomposed,
-- the marks dropped, d for the three letters that do not decompose, a space for what stands between words. 100,000 characters: a
-- tsvector holds 1 MiB. Only what is in force: a CUT writes drafts and pays nothing, VERIFY pays once. `searching.fold` and `sql/search.sql` spell the same; tests compare.
CREATE INDEX unit_version_by_words ON iu.unit_version USING gin ((to_tsvector('pg_catalog.simple'::regconfig,
    regexp_replace(regexp_replace(regexp_replace(normalize(left(body, 100000), NFD),
    '[\u0300-\u0304\u0306-\u030c\u031b\u0323\u0327\u0328\u00ad\u200b\ufeff]+', '', 'g'),
    '[\u0111\u0110\u00d0]', 'd', 'g'), '[/_@\u00a0\u2013\u2014\u2018\u2019\u201c\u201d\u2026\u00ab\u00bb-]', ' ', 'g')))) WHERE lifecycle_status = 'enacted';
