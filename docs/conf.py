"""The manual as a site: `make docs` (docs/decisions/docs-site.md). No page loads anything from elsewhere."""

from __future__ import annotations

import tomllib
from pathlib import Path

from pygments.lexers.special import TextLexer
from sphinx.application import Sphinx

ROOT = Path(__file__).resolve().parents[1]

project = "dot-iu-cutter"
author = "The dot-iu-cutter authors"
project_copyright = author
release = str(tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]["version"])

extensions = ["myst_parser"]
exclude_patterns = ["README.md"]
myst_heading_anchors = 3
nitpicky = True

html_theme = "furo"
html_title = f"dot-iu-cutter {release}"
html_copy_source = False
html_show_sourcelink = False
html_theme_options = {"navigation_with_keys": True}
html_last_updated_fmt = None


def setup(application: Sphinx) -> None:
    """The drawing of the states stays text: what draws it would be loaded from elsewhere."""
    application.add_lexer("mermaid", TextLexer)
