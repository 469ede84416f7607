-- Units get names from outside, such as those of an official codification (design 1.6): the word of such a change.
-- Runs as the owner role. No row is rewritten.

ALTER TABLE cutter_governance.manifest_envelope
    DROP CONSTRAINT envelope_operation_word,
    ADD CONSTRAINT envelope_operation_word CHECK (operation_kind IN ('first_cut', 'recut', 'split', 'merge', 'retire',
        'renumber', 'redirect', 'name'));

-- A name from outside is no address: it could not be told from that of a unit.
ALTER TABLE cutter_governance.canonical_address_alias
    ADD CONSTRAINT alias_reference_is_no_address CHECK (alias_kind <> 'external_reference'
        OR alias_text !~ '^[A-Z0-9]+(-[A-Z0-9]+)*$');
