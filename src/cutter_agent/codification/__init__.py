"""Names that Vietnam's official codification (Bộ pháp điển) gives to articles: read, checked, matched with units. Pure.

Source: ordinance 03/2012/UBTVQH13 on the codification, decree 63/2013/NĐ-CP, circular 13/2014/TT-BTP (numbering of
articles: topic, subject, form of the instrument, the instrument's place, the article; the provenance line below it).
"""
