"""The shipped profiles of law families: their rules on texts written for them."""

from __future__ import annotations

import pytest

from cutter_agent.errors import InputRefused
from cutter_agent.model import Segmentation, Severity
from cutter_agent.segmenter import coverage, detect, profiles, segment

GESETZ = """---
Title: Gartengesetz
jurabk: GartG
---

# Gesetz über Gärten (GartG)

Ausfertigungsdatum
:   2034-01-02

## Erster Teil - Allgemeines

### Abschnitt 1 - Grundlagen

#### § 1 Zweck

Dieses Gesetz dient den Gärten.

#### § 2 Begriffe

(1) Ein Garten im Sinne dieses Gesetzes ist ein Grundstück, auf dem nach
§ 3 Absatz 1 Satz 2 gepflanzt wird. Die Vorschriften der Absätze 2 und
(3) des alten Rechts gelten fort.

(2) Pflanzen sind

1.  Bäume, und zwar

    a)  Laubbäume oder

        aa) einjährige,


        bb) mehrjährige,


    b)  Nadelbäume,


1a. Sträucher am
    13. eines Monats,


2.  Blumen.



Satz 1 gilt nicht für

1.  Unkraut,


2.  Moos.


(2a) Eingefügt.

(3) Schluss.

#### § 2a Eingefügtes

### Zweiter Abschnitt - Pflege

#### (XXXX) §§ 3 bis 5 (weggefallen)

#### § 6

Text.

## Besonderer Teil

### Kapitel 1 - Ein Kapitel

#### Schlussbestimmung

##### § 7 Inkrafttreten

### Anlage 1 (zu § 2) Muster

## Hinweise
"""


def cut(profile: str, text: str, code: str = "D") -> Segmentation:
    data = text.encode()
    result = segment(data, profile=profiles.load(profile), document_code=code)
    assert coverage.defects([(u.start_byte, u.end_byte) for u in result.units], data) == []
    assert len({u.address for u in result.units}) == len(result.units)
    return result


def addresses(profile: str, text: str) -> list[str]:
    return [unit.address.removeprefix("D-") for unit in cut(profile, text).units]


def exceptions(result: Segmentation) -> list[str]:
    return [f"{f.code}: {f.message}" for f in result.findings if f.severity is Severity.EXCEPTION]


def test_de_gesetz() -> None:
    result = cut("de-gesetz", GESETZ)
    assert [u.address.removeprefix("D-") for u in result.units] == [
        "FM", "GESETZ", "TEIL1", "TEIL1-ABSCHNITT1", "PAR1", "PAR2", "PAR2-ABS1", "PAR2-ABS2", "PAR2-ABS2-NR1",
        "PAR2-ABS2-NR1-BSTA", "PAR2-ABS2-NR1-BSTA-DBSTAA", "PAR2-ABS2-NR1-BSTA-DBSTBB", "PAR2-ABS2-NR1-BSTB",
        "PAR2-ABS2-NR1A", "PAR2-ABS2-NR2", "PAR2-ABS2-SATZ1", "PAR2-ABS2-SATZ1-NR1", "PAR2-ABS2-SATZ1-NR2",
        "PAR2-ABS2A", "PAR2-ABS3", "PAR2A", "TEIL1-ABSCHNITT2", "PAR3-5", "PAR6", "TEIL-BESONDERER",
        "TEIL-BESONDERER-KAPITEL1", "TEIL-BESONDERER-KAPITEL1-U-SCHLUSSBESTIMMUNG", "PAR7", "ANLAGE1",
        "ANLAGE1-U-HINWEISE",
    ]  # fmt: skip
    assert exceptions(result) == []
    assert {u.kind for u in result.units} >= {"front_matter", "title", "part", "section", "clause", "item", "point"}


def test_in_german_law_the_depth_of_a_heading_is_not_its_level() -> None:
    flat = GESETZ.replace("#### ", "## ").replace("### ", "## ").replace("##### ", "## ")
    deep = GESETZ.replace("\n### ", "\n##### ")
    assert addresses("de-gesetz", flat) == addresses("de-gesetz", deep) == addresses("de-gesetz", GESETZ)


def test_chapters_stand_above_sections_or_below_subtitles() -> None:
    above = "## Kapitel 1\n\n### Abschnitt 1\n\n### Abschnitt 2\n\n## Kapitel 2\n\n### Abschnitt 1\n"
    assert addresses("de-gesetz", above)[-2:] == ["KAPITEL2", "KAPITEL2-ABSCHNITT1"]
    below = "## Titel 1\n\n### Kapitel 1\n\n### Kapitel 2\n\n## Titel 2\n\n### Kapitel 1\n"
    assert addresses("de-gesetz", below) == [
        "TITEL1", "TITEL1-KAPITEL1", "TITEL1-KAPITEL2", "TITEL2", "TITEL2-KAPITEL1",
    ]  # fmt: skip


def test_paragraphs_inside_an_article_count_there() -> None:
    text = "## Art 1 - A\n\n### § 1 X\n\n### § 2 Y\n\n## Art 2 - B\n\n### Abschnitt 1\n\n### § 1 Z\n"
    assert addresses("de-gesetz", text) == ["ART1", "ART1-PAR1", "ART1-PAR2", "ART2", "ABSCHNITT1", "ART2-PAR1"]


STATUTE = """Gardens Act
An Act respecting gardens

His Majesty, by and with the advice of Parliament, enacts as follows:

Short Title

Short title
1 This Act may be cited as the Gardens Act.

PART I General

Interpretation

Definitions
2 (1) In this Act,
    garden means land on which something grows, or
      (a) is meant to grow; or
      (b) has grown,
    but not a field; (jardin)
    “owner”, in relation to a garden, includes a tenant; (propriétaire)
    weed[Repealed, 2031, c. 1]
  Meaning of other means of growing
  (2) For the purposes of this Act, other means of growing includes hope.
  Exception
  (2.1) It does not apply to
    (a) moss;
      (i) green, or
      (ii) dry, and
        (A) old,
        (B) new;
    (a.1) lichen; and
    (b) to (d) [Repealed, 2030]
  unless the Minister says so.
  (3) [Repealed]

Duties
3 The owner shall
  (a) water;
  (b) wait.

3.1 to 4 [Repealed, 2029, c. 2]

5 The end.

SCHEDULE 1

1 First item
"""


def test_en_statute() -> None:
    result = cut("en-statute", STATUTE)
    assert [u.address.removeprefix("D-") for u in result.units] == [
        "PREAMBLE", "H-SHORT-TITLE", "S1", "PART1", "PART1-H-INTERPRETATION", "S2", "S2-SS1", "S2-SS1-DEF-GARDEN",
        "S2-SS1-DEF-GARDEN-PA", "S2-SS1-DEF-GARDEN-PB", "S2-SS1-DEF-GARDEN-T1", "S2-SS1-DEF-OWNER", "S2-SS1-DEF-WEED",
        "S2-SS2", "S2-SS2-1", "S2-SS2-1-PA", "S2-SS2-1-PA-SP1", "S2-SS2-1-PA-SP2", "S2-SS2-1-PA-SP2-CLA",
        "S2-SS2-1-PA-SP2-CLB", "S2-SS2-1-PA-1", "S2-SS2-1-PB-D", "S2-SS2-1-T1", "S2-SS3", "S3", "S3-PA", "S3-PB",
        "S3-1-4", "S5", "SCH1", "SCH1-S1",
    ]  # fmt: skip
    assert exceptions(result) == []
    data = STATUTE.encode()
    by_address = {u.address.removeprefix("D-"): data[u.start_byte : u.end_byte].decode() for u in result.units}
    assert by_address["S2"] == "Definitions\n2 "  # a marginal note belongs to the unit below it
    assert by_address["S2-SS1"] == "(1) In this Act,\n"
    assert by_address["S2-SS2"].startswith("  Meaning of other means of growing\n  (2)")
    assert by_address["S2-SS1-DEF-GARDEN-T1"] == "    but not a field; (jardin)\n"


def test_an_english_statute_without_indentation_has_the_same_units() -> None:
    flat = "\n".join(line.lstrip() for line in STATUTE.split("\n"))
    kinds = ("S", "SS", "P", "SP")
    found = [a for a in addresses("en-statute", flat) if "DEF" not in a and a.startswith(kinds)]
    assert found == [
        a for a in addresses("en-statute", STATUTE) if "DEF" not in a and "-T" not in a and a.startswith(kinds)
    ]


CODE = """# Code des jardins

## Partie législative

## Livre Ier : Dispositions générales

## Titre préliminaire

## Chapitre unique : Objet

## Article L. 123-4

I. – Le présent code :

1° fixe les règles ;

1° bis complète ;

2° précise :

a) les droits ;

b) les devoirs.

I bis. – Un décret.

II. – Article 5 du code civil.

## Article L123-4-1

Article L. 123-4 du présent code est cité.

## Titre Ier

## Chapitre Ier

## Section 1 : Arrosage

## Sous-section 2

## Article R*124-1

## Livre II

## Chapitre Ier bis

## Article 1er bis
"""


def test_fr_code() -> None:
    result = cut("fr-code", CODE)
    assert [u.address.removeprefix("D-") for u in result.units] == [
        "PREAMBULE", "PARTIE-LEGISLATIVE", "PARTIE-LEGISLATIVE-LIVRE1", "PARTIE-LEGISLATIVE-LIVRE1-TITRE-PRELIMINAIRE",
        "PARTIE-LEGISLATIVE-LIVRE1-TITRE-PRELIMINAIRE-CHAPITRE1", "ARTL123-4", "ARTL123-4-R1", "ARTL123-4-R1-N1",
        "ARTL123-4-R1-N1BIS", "ARTL123-4-R1-N2", "ARTL123-4-R1-N2-LA", "ARTL123-4-R1-N2-LB", "ARTL123-4-R1BIS",
        "ARTL123-4-R2", "ARTL123-4-1", "PARTIE-LEGISLATIVE-LIVRE1-TITRE1",
        "PARTIE-LEGISLATIVE-LIVRE1-TITRE1-CHAPITRE1", "PARTIE-LEGISLATIVE-LIVRE1-TITRE1-CHAPITRE1-SECTION1",
        "PARTIE-LEGISLATIVE-LIVRE1-TITRE1-CHAPITRE1-SECTION1-SOUSSECTION2", "ARTR124-1", "PARTIE-LEGISLATIVE-LIVRE2",
        "PARTIE-LEGISLATIVE-LIVRE2-CHAPITRE1BIS", "ART1BIS",
    ]  # fmt: skip
    assert [u.number for u in result.units if u.level == "article"] == ["L. 123-4", "L123-4-1", "R*124-1", "1 bis"]


TITLE = """TITLE 17—COPYRIGHTS

CHAPTER 1—SUBJECT MATTER

§ 101. Definitions
(a) In General.—The term means—
(1) one;
(2) two, including—
(A) alpha;
(B) beta—
(i) uno;
(ii) dos; and
(I) deep;
(II) deeper—
(aa) least;
(bb) last;
(C) gamma.
(b) Other.—As amended, section 9 reads:
“§ 9. Quoted
“(a) quoted.
”.
(c) Last.

§ 101a–1. Exceptions
(a)(1) A thing
(2) Another
"""


def test_us_code() -> None:
    assert addresses("us-code", TITLE) == [
        "TITLE17", "TITLE17-CH1", "S101", "S101-SSA", "S101-SSA-P1", "S101-SSA-P2", "S101-SSA-P2-SPA",
        "S101-SSA-P2-SPB", "S101-SSA-P2-SPB-CL1", "S101-SSA-P2-SPB-CL2", "S101-SSA-P2-SPB-CL2-SCL1",
        "S101-SSA-P2-SPB-CL2-SCL2", "S101-SSA-P2-SPB-CL2-SCL2-IAA", "S101-SSA-P2-SPB-CL2-SCL2-IBB", "S101-SSA-P2-SPC",
        "S101-SSB", "S101-SSC", "S101A-1", "S101A-1-SSA", "S101A-1-SSA-P1", "S101A-1-SSA-P2",
    ]  # fmt: skip


def test_numbered() -> None:
    text = (
        "Handbook\n\n1 Scope\nText.\n1.1 General\n1.1.1. Deep\n2020 was a year\n1.1.2 Deeper\n\n1.2 More\n\n2) Next\n"
        "2.1 A;\n3.1 of no parent\n\nAnnex A (normative) Forms\n1 One\n1.1 Two\n"
    )
    assert addresses("numbered", text) == [
        "FRONT", "N1", "N1-1", "N1-1-1", "N1-1-2", "N1-2", "N2", "N2-1", "ANNEXA", "ANNEXA-N1", "ANNEXA-N1-1",
    ]  # fmt: skip


CONSTITUTION = """---
id: x
---
# ICX

### NT1. Một nguồn
1. Khoản
a) điểm
### NT2 — Hai
### NT3 (DRAFT) Ba
1. trong nháp
### NT3 Ba thật
## KT-A Dữ liệu
Chữ.
## KT-B Quy trình

## Bảng luật

| Điều | Tên | Trạng thái |
|---|---|---|
| Điều 1 | Mở đầu | enacted |
| Điều 2 | Nháp | draft |
| Điều 3 | Kết | enacted |
"""


def test_icx_constitution() -> None:
    result = cut("icx-constitution", CONSTITUTION, "ICX-CONST")
    assert [u.address.removeprefix("ICX-CONST-") for u in result.units] == [
        "FM", "TIEUDE", "NT1", "NT1-K1", "NT1-K1-DA", "NT2", "DUTHAO-NT3", "NT3", "KTA", "KTB", "KTB-H-BANG-LUAT",
        "DIEU1", "DUTHAO-DIEU2", "DIEU3",
    ]  # fmt: skip
    assert [u.kind for u in result.units].count("draft") == 2
    assert [f.code for f in result.findings].count("draft_excluded") == 2
    assert exceptions(result) == []


AKN = """<?xml version="1.0" encoding="UTF-8"?>
<a:akomaNtoso xmlns:a="http://docs.oasis-open.org/legaldocml/ns/akn/3.0"><a:act><a:meta><a:FRBRthis value="x"/></a:meta>
<a:body><a:chapter eId="chp_I"><a:num>Chapter I</a:num>
<a:article eId="art_1"><a:num>Article 1</a:num><a:heading>Đất</a:heading>
<a:paragraph eId="art_1__para_1"><a:num>1.</a:num><a:list><a:point><a:num>(a)</a:num></a:point></a:list></a:paragraph>
<a:paragraph eId="art_1__para_2"><a:content>
<a:quotedStructure><a:article><a:num>9</a:num></a:article></a:quotedStructure></a:content></a:paragraph>
</a:article></a:chapter>
<a:chapter><a:num>Chapter II</a:num><a:article><a:num>Article 1 bis</a:num></a:article></a:chapter>
</a:body></a:act></a:akomaNtoso>
"""

USLM = """<uscDoc xmlns="http://xml.house.gov/schemas/uslm/1.0"><meta/><main><title><num value="17">Title 17—</num>
<chapter><num value="1">CHAPTER 1—</num>
<section identifier="/us/usc/t17/s101"><num value="101">§ 101.</num>
<subsection><num value="a">(a)</num></subsection>
<subsection><num>(b)</num><paragraph><num>(1)</num></paragraph><continuation>after</continuation></subsection>
<quotedContent><section><num value="9"/></section></quotedContent>
</section></chapter></title></main></uscDoc>
"""


def test_akn_and_uslm() -> None:
    assert addresses("akn", AKN) == [
        "OPENING", "META1", "CHP1", "ART1", "ART1-PARA1", "ART1-PARA1-LIST-N1", "ART1-PARA1-LIST-N1-POINTA",
        "ART1-PARA2", "CHP2", "ART1BIS",
    ]  # fmt: skip
    assert addresses("uslm", USLM) == [
        "OPENING", "META1", "TITLE17", "TITLE17-CH1", "S101", "S101-SSA", "S101-SSB", "S101-SSB-P1", "S101-SSB-T1",
    ]  # fmt: skip
    for profile, text in (("akn", AKN), ("uslm", USLM)):
        data = text.encode()
        for unit in cut(profile, text).units[1:]:
            assert data[unit.start_byte : unit.start_byte + 1] == b"<", unit.address
        with_mark = segment(b"\xef\xbb\xbf" + data, profile=profiles.load(profile), document_code="D")
        moved = [u.start_byte - 3 for u in with_mark.units[1:]]
        assert moved == [u.start_byte for u in cut(profile, text).units[1:]]


@pytest.mark.parametrize("profile", ["akn", "uslm"])
@pytest.mark.parametrize(
    ("document", "word"),
    [
        ('<!DOCTYPE a [<!ENTITY b "c">]><a>&b;</a>', "'b'"),
        ('<!DOCTYPE a [<!ENTITY x "&#60;x"><!ENTITY y "&x;&x;&x;">]><a>&y;</a>', "'x'"),
        ('<!DOCTYPE a [<!ENTITY b SYSTEM "file:///etc/passwd">]><a>&b;</a>', "'b'"),
        ('<!DOCTYPE a [<!ENTITY % p SYSTEM "other.dtd"> %p;]><a/>', "'p'"),
    ],
    ids=["entity", "bomb", "file", "parameter"],
)
def test_entities_are_refused_with_their_byte(profile: str, document: str, word: str) -> None:
    with pytest.raises(InputRefused, match=word) as refused:
        segment(document.encode(), profile=profiles.load(profile), document_code="D")
    assert refused.value.start_byte is not None
    assert document.encode()[refused.value.start_byte :].startswith(b"<!ENTITY")


def test_broken_xml_keeps_what_was_read_and_says_where_it_breaks() -> None:
    broken = USLM[: USLM.index("<quotedContent>")] + "</wrong>"
    result = cut("uslm", broken)
    assert [u.level for u in result.units][-1] == "continuation"
    assert [(f.code, f.severity) for f in result.findings] == [("not_well_formed", Severity.EXCEPTION)]
    assert abs(result.findings[0].start_byte - broken.encode().index(b"</wrong>")) <= 2


@pytest.mark.parametrize(
    ("text", "label", "profile"),
    [
        (GESETZ, "gesetz.md", "de-gesetz"),
        (STATUTE, "act.txt", "en-statute"),
        (CODE, "code.md", "fr-code"),
        (TITLE, "title.txt", "us-code"),
        (CONSTITUTION, "icx.md", "icx-constitution"),
        (AKN, "a.xml", "akn"),
        (USLM, "u.xml", "uslm"),
        ("1 A\n\n1.1 Bee\n\n1.2 Cee\n\n1.2.1 Dee\n", "h.txt", "numbered"),
        ("# A\n\n- b\n- c\n", "notes.md", "markdown"),
    ],
    ids=["de", "en", "fr", "us", "icx", "akn", "uslm", "numbered", "markdown"],
)
def test_each_family_is_detected_with_reasons(text: str, label: str, profile: str) -> None:
    found, reasons = detect(text.encode(), label=label)
    assert found.id == profile, reasons
    assert reasons
