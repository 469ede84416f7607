"""Own DOCX, PDF and HTML files for tests, small and made on the spot."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import font_roboto
from reportlab.lib.pdfencrypt import StandardEncryption
from reportlab.pdfbase import pdfmetrics
from reportlab.pdfbase.ttfonts import TTFont
from reportlab.pdfgen.canvas import Canvas

from cutter_agent.formats import Conversion, Format, recognise
from cutter_agent.formats.readers import convert

W = 'xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main"'
_R = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
_TYPES = (
    '<?xml version="1.0"?><Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types">'
    '<Default Extension="xml" ContentType="application/xml"/></Types>'
)
_DOCUMENT_PART = "word/document.xml"
FONT = "Roboto"
LAW_LINES = (
    "Luật số: 12/2020/QH14",
    "LUẬT",
    "VỀ VIỆC THỬ",
    "Chương I",
    "QUY ĐỊNH CHUNG",
    "Điều 1. Phạm vi điều chỉnh",
    "1. Luật này quy định việc thử nghiệm ở Đắk Lắk.",
    "2. Gồm có:",
    "a) việc một, người Nguyễn Văn Ưỡng;",
    "b) việc hai, kỹ thuật.",
    "Điều 2. Hiệu lực",
    "Luật này có hiệu lực.",
)
CODE = "L12-2020-QH14"


def read(data: bytes, label: str = "file", *, most_bytes: int = 10_000_000, mark_headings: bool = False) -> Conversion:
    """The conversion, in this process."""
    return convert(data, recognise(data, label=label), most_bytes=most_bytes, mark_headings=mark_headings)


def text_of(conversion: Conversion) -> str:
    return conversion.text.decode("utf-8")


def codes(conversion: Conversion) -> list[str]:
    return [finding.code for finding in conversion.findings]


def messages(conversion: Conversion, code: str) -> list[str]:
    return [finding.message for finding in conversion.findings if finding.code == code]


# -------------------------------------------------------------------------------------------------------------- DOCX


def relationships(rows: Mapping[str, str]) -> str:
    """A ``.rels`` part: kind to target."""
    lines = "".join(
        f'<Relationship Id="rId{n}" Type="{_R}/{kind}" Target="{target}"/>'
        for n, (kind, target) in enumerate(rows.items(), start=1)
    )
    return (
        f'<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships">{lines}</Relationships>'
    )


def zipped(parts: Mapping[str, str | bytes]) -> bytes:
    """A ZIP of the parts, the same bytes each time."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in parts.items():
            archive.writestr(zipfile.ZipInfo(name, (2020, 1, 1, 0, 0, 0)), data, zipfile.ZIP_DEFLATED)
    return buffer.getvalue()


def docx(body: str, extra: Mapping[str, str] | None = None, more: Mapping[str, str | bytes] | None = None) -> bytes:
    """A DOCX around ``body``. ``extra``: parts of the document by kind (``numbering``, ``styles``, …)."""
    extra = extra or {}
    parts: dict[str, str | bytes] = {
        "[Content_Types].xml": _TYPES,
        "_rels/.rels": relationships({"officeDocument": _DOCUMENT_PART}),
        _DOCUMENT_PART: f"<w:document {W}><w:body>{body}</w:body></w:document>",
        "word/_rels/document.xml.rels": relationships({kind: f"{kind}.xml" for kind in extra}),
    }
    parts |= {f"word/{kind}.xml": xml for kind, xml in extra.items()}
    return zipped(parts | dict(more or {}))


def p(
    text: str = "", *, level: int | None = None, number: str = "1", style: str | None = None, inside: str = ""
) -> str:
    """One paragraph, numbered on ``level`` of the list ``number`` where a level is given."""
    properties = f'<w:pStyle w:val="{style}"/>' if style else ""
    if level is not None:
        properties += f'<w:numPr><w:ilvl w:val="{level}"/><w:numId w:val="{number}"/></w:numPr>'
    run = f'<w:r><w:t xml:space="preserve">{text}</w:t></w:r>' if text else ""
    return f"<w:p><w:pPr>{properties}</w:pPr>{run}{inside}</w:p>"


def run(text: str, properties: str = "") -> str:
    return f'<w:r><w:rPr>{properties}</w:rPr><w:t xml:space="preserve">{text}</w:t></w:r>'


def numbering(*levels: tuple[str, str], nums: Mapping[str, str] | None = None, more: str = "") -> str:
    """One abstract numbering of ``(format, text)`` levels; ``nums`` maps list ids to their overrides."""
    found = "".join(
        f'<w:lvl w:ilvl="{at}"><w:start w:val="1"/><w:numFmt w:val="{kind}"/>{more}<w:lvlText w:val="{text}"/></w:lvl>'
        for at, (kind, text) in enumerate(levels)
    )
    lists = "".join(
        f'<w:num w:numId="{key}"><w:abstractNumId w:val="7"/>{own}</w:num>' for key, own in (nums or {"1": ""}).items()
    )
    return f'<w:numbering {W}><w:abstractNum w:abstractNumId="7">{found}</w:abstractNum>{lists}</w:numbering>'


def law_docx(extra_body: str = "") -> bytes:
    """A small law whose Điều, khoản and điểm are numbered by Word alone."""
    body = (
        p("Luật số: 12/2020/QH14")
        + p("LUẬT")
        + p("VỀ VIỆC THỬ")
        + p("Phạm vi", level=0)
        + p("Luật này quy định việc thử.", level=1)
        + p("Gồm có:", level=1)
        + p("việc một;", level=2)
        + p("việc hai.", level=2)
        + p("Hiệu lực", level=0)
        + p("Luật này có hiệu lực.")
        + extra_body
    )
    return docx(body, {"numbering": numbering(("decimal", "Điều %1."), ("decimal", "%2."), ("lowerLetter", "%3)"))})


def table(*rows: Sequence[str], drawn: bool = True) -> str:
    borders = '<w:tblPr><w:tblBorders><w:top w:val="single"/></w:tblBorders></w:tblPr>' if drawn else ""
    lines = "".join(f"<w:tr>{''.join(f'<w:tc>{p(cell)}</w:tc>' for cell in row)}</w:tr>" for row in rows)
    return f"<w:tbl>{borders}{lines}</w:tbl>"


# --------------------------------------------------------------------------------------------------------------- PDF

Draw = Callable[[Canvas], None]


def pdf(*pages: Draw, password: str | None = None) -> bytes:
    """A PDF with an embedded font that knows Vietnamese."""
    if FONT not in pdfmetrics.getRegisteredFontNames():
        pdfmetrics.registerFont(TTFont(FONT, str(Path(font_roboto.__file__).parent / "files" / "Roboto-Regular.ttf")))
    buffer = io.BytesIO()
    locked = StandardEncryption(password) if password else None
    canvas = Canvas(buffer, invariant=1, encrypt=locked)
    for draw in pages:
        canvas.setFont(FONT, 12)
        draw(canvas)
        canvas.showPage()
    canvas.save()
    return buffer.getvalue()


def lines(texts: Sequence[str], *, left: float = 72, top: float = 740, step: float = 18) -> Draw:
    def draw(canvas: Canvas) -> None:
        for number, text in enumerate(texts):
            canvas.drawString(left, top - number * step, text)

    return draw


def together(*drawn: Draw) -> Draw:
    def draw(canvas: Canvas) -> None:
        for one in drawn:
            one(canvas)

    return draw


def picture(canvas: Canvas) -> None:
    """An image that covers a part of the page: a scan without text."""
    from PIL import Image  # noqa: PLC0415 - only the tests of scans need it

    canvas.drawInlineImage(Image.new("RGB", (40, 40), "gray"), 100, 400, 200, 200)


# -------------------------------------------------------------------------------------------------------------- HTML


def html(body: str, head: str = '<meta charset="utf-8">') -> bytes:
    return f"<!DOCTYPE html>\n<html><head>{head}</head><body>\n{body}\n</body></html>\n".encode()


FORMATS = (Format.HTML, Format.DOCX, Format.PDF)
