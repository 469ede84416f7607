"""Characters of the fonts that Word names by code: Symbol and Wingdings, as far as texts use them."""

from __future__ import annotations

_SYMBOL = {
    0x2D: "−", 0xA3: "≤", 0xA5: "∞", 0xB0: "°", 0xB1: "±", 0xB2: "″", 0xB3: "≥", 0xB4: "×", 0xB7: "•", 0xB8: "÷",
    0xB9: "≠", 0xBA: "≡", 0xBB: "≈", 0xBC: "…", 0xAC: "←", 0xAD: "↑", 0xAE: "→", 0xAF: "↓", 0xDE: "⇒", 0xD2: "®",
    0xD3: "©", 0xD4: "™", 0x61: "α", 0x62: "β", 0x67: "γ", 0x64: "δ", 0x65: "ε", 0x6C: "λ", 0x6D: "μ", 0x70: "π",
    0x73: "σ", 0x44: "Δ", 0x53: "Σ", 0x57: "Ω",
}  # fmt: skip
_WINGDINGS = {
    0xA8: "☐", 0x6F: "☐", 0xFE: "☑", 0xFD: "☒", 0xFC: "✓", 0xFB: "✗", 0x6C: "●", 0x6E: "■", 0xA7: "▪", 0xD8: "➢",
    0xE0: "→", 0x9F: "•", 0x76: "❖", 0x71: "❑",
}  # fmt: skip
_FONTS = {"symbol": _SYMBOL, "wingdings": _WINGDINGS}
_PRIVATE = 0xF000


def character(font: str, code: str) -> str | None:
    """The character of ``w:sym``; None where it is not known. A code outside the private area is the character."""
    try:
        number = int(code, 16)
    except ValueError:
        return None
    table = _FONTS.get(font.lower())
    if table is not None:
        return table.get(number - _PRIVATE if number >= _PRIVATE else number)
    plain = 0x20 <= number < 0xD800 or 0xF900 <= number < 0x110000
    return chr(number) if plain else None
