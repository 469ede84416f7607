"""A user's own words of labels, from a folder: the same for `validate`, `mark`, `review` and `cut-approved`."""

from __future__ import annotations

import json
from pathlib import Path

from tests.acceptance.test_cli_cut import CODE, LAW


def test_a_manifest_with_words_of_ones_own_goes_through_every_phase(embedded, tmp_path: Path) -> None:
    law, manifest, words = tmp_path / "luat.txt", tmp_path / "m.json", tmp_path / "words"
    law.write_text(LAW, encoding="utf-8")
    document = json.loads(embedded("segment", str(law), "--manifest").out)
    document["units"][-1]["kind"] = "promulgation"
    manifest.write_text(json.dumps(document))
    words.mkdir()
    (words / "own.toml").write_text('[profiles.vn-law]\nkinds = ["promulgation"]\nlevels = []\n')
    own = {"DOT_CUTTER_VOCABULARY": str(words)}
    refused = embedded("validate", str(manifest), "--source", str(law), "--json")
    assert (refused.code, [p["code"] for p in refused.json["problems"]]) == (3, ["kind"])
    assert embedded("mark", str(law), "--manifest", str(manifest)).code == 3
    assert embedded("validate", str(manifest), "--source", str(law), env=own).code == 0
    marked = embedded("mark", str(law), "--manifest", str(manifest), "--json", env=own)
    assert marked.code == 0, marked.err
    entry = marked.json["entry_id"]
    assert marked.json["document_code"] == CODE
    assert embedded("sweep").code == 0
    approve = ("review", entry, "--approve", "--rationale", "ok", "--reviewer", "bà Hai")
    assert embedded(*approve).code == 3
    assert embedded(*approve, env=own).code == 0
    assert embedded("cut-approved", entry).code == 3
    assert embedded("cut-approved", entry, env=own).code == 0
    assert embedded("verify", entry).code == 0
    broken = embedded("status", env={"DOT_CUTTER_VOCABULARY": str(tmp_path / "nowhere")})
    assert broken.code == 4
