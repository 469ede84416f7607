"""The blocks that one look tells: most of a law is plain paragraphs, items and headings, and needs no parser.

Each pattern matches a whole block, from its line start to behind its blank lines, only where CommonMark 0.31 leaves no
other reading: no block is open before it and none after it. All else is the parser's (``parsing``); a property test
holds that both read every text alike. Every repetition is possessive, so time and memory stay linear.
"""

from __future__ import annotations

import re

from markdown_it.common.html_blocks import block_names

_EOL = rb"(?>\r\n?|\n)"
_EOLZ = rb"(?>\r\n?|\n|\Z)"
_REST = rb"[^\r\n]*+" + _EOLZ
_BLANKS = rb"(?:[ \t]*+" + _EOL + rb")*+(?:[ \t]++\Z)?"
_BLANK_NEXT = rb"[ \t]*+(?:\r|\n|\Z)"

# What a line may begin with, behind blanks, so that it opens or closes nothing but text.
_WORD = (
    rb"[^\x00-\x20\x7f#>\-+*_=`~<|\[0-9:]"
    rb"|[*_]++[^\s*_]"
    rb"|[+\-=:][^\s\-:|=+]"
    rb"|\#++[^\s#]"
    rb"|`{1,2}[^`\r\n]"
    rb"|</?(?:sup|sub|b|i|em|strong|u|s|small|code)>[^\s]"
    rb"|[0-9]{1,9}(?![0-9]|[.)](?:[ \t\r\n]|\Z))"
)
# A paragraph may begin with a bracket that is no definition of a link: [label] without a colon, or more behind it than
# a definition has.
_BRACKET = rb"\[[^\]\\\r\n]*+\](?!:)|\[[^\]\\\r\n]++\]:[ ]{1,9}[^\s<]\S*+[ \t]++[^\s\"'(]"
_FIRST = rb"(?:" + _WORD + rb"|" + _BRACKET + rb")"
_LINES = rb"(?:[ \t]*+(?:" + _WORD + rb"|\[)" + _REST + rb")*+"
_HEADING_NEXT = rb"#{1,6}(?:[ \t\r\n]|\Z)"
_BULLET = rb"[-+*] {1,4}"
_NUMBER = rb"[0-9]{1,9}[.)] {1,4}"
_BULLET_NEXT = _BULLET + _FIRST

_HEADING = rb"(?P<depth>#{1,6})(?:[ \t][^\r\n]*+)?" + _EOLZ + rb"(?P<heading>)"
_PARAGRAPH = (
    rb" {0,3}" + _FIRST + _REST + _LINES
    + rb"(?=" + _BLANK_NEXT + rb"|" + _HEADING_NEXT + rb"|" + _BULLET_NEXT + rb")(?P<paragraph>)"
)  # fmt: skip
# Behind an item comes a line that belongs to nothing in it: at the margin behind a blank line, or a marker or heading.
_ITEM = (
    rb"(?:(?P<bullet>[-+*])|[0-9]{1,9}(?P<dot>[.)])) {1,4}(?:" + _NUMBER + rb")?" + _FIRST + _REST + _LINES
    + rb"(?=" + _EOL + rb"?(?:[ \t]*+" + _EOL + rb")*+[ \t]*+\Z"
    + rb"|(?:[ \t]*+" + _EOL + rb")++[^ \t]|" + _HEADING_NEXT + rb"|(?:" + _BULLET + rb"|" + _NUMBER + rb")" + _FIRST
    + rb")(?P<item>)"
)  # fmt: skip
_TABLE = (
    rb"(?P<head>\|[^\r\n\\]*\|)[ \t]*+" + _EOL + rb"(?P<columns>\|(?:[ \t]*+:?-++:?[ \t]*+\|)++)[ \t]*+" + _EOLZ
    + rb"(?P<rows>(?:\|" + _REST + rb")*+)(?=" + _BLANK_NEXT + rb"|" + _HEADING_NEXT + rb")(?P<table>)"
)  # fmt: skip
_NOT_BLANK_LINES = rb"(?:(?!" + _BLANK_NEXT + rb")" + _REST + rb")*+"
_HTML_NAMES = "|".join(block_names).encode()
_HTML = rb"</?(?i:" + _HTML_NAMES + rb")(?=[ \t>]|/>|[\r\n]|\Z)" + _REST + _NOT_BLANK_LINES + rb"(?P<html>)"
_CODE = (
    rb"(?P<fence>`{3,}+)[^`\r\n]*+" + _EOL
    + rb"(?:(?! {0,3}(?P=fence)`*+[ \t]*+(?:\r|\n|\Z))[^\r\n]*+" + _EOL + rb")*+"
    + rb" {0,3}(?P=fence)`*+[ \t]*+" + _EOLZ + rb"(?P<code>)"
)  # fmt: skip
_RULE = rb"(?:(?:\*[ \t]*+){3,}+|(?:-[ \t]*+){3,}+|(?:_[ \t]*+){3,}+)" + _EOLZ + rb"(?P<rule>)"
_QUOTE = rb"(?:>" + _REST + rb")++(?=" + _BLANK_NEXT + rb")(?P<quote>)"

BLOCK = re.compile(
    rb"(?:" + rb"|".join((_PARAGRAPH, _ITEM, _HEADING, _TABLE, _HTML, _CODE, _RULE, _QUOTE)) + rb")" + _BLANKS
)
"""One whole block at the margin; ``lastgroup`` says which. A table is one only where its columns agree."""

BLANK = re.compile(_BLANKS)
LINE = re.compile(_REST)


def agrees(found: re.Match[bytes]) -> bool:
    """Whether the head of what looks like a table has as many cells as the row of dashes below it."""
    return found["head"].count(b"|") == found["columns"].count(b"|")
