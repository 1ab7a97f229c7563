"""How Sphinx builds the documentation: ``make docs``, read from disk without internet."""

from __future__ import annotations

import importlib.metadata
import json
import os
import sys
from pathlib import Path

# rules are documented as plain functions, not as what numba makes of them
os.environ["NUMBA_DISABLE_JIT"] = "1"
ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from docutils import nodes
from docutils.utils.math import latex2mathml

project = "Vacancy chain simulator"
author = "the vacancy chain simulator developers"
copyright = author  # noqa: A001  (Sphinx wants this name)
try:
    release = importlib.metadata.version("vacancy-chain-simulator")
except importlib.metadata.PackageNotFoundError:
    release = "from the clone"

extensions = ["myst_parser", "sphinx.ext.autodoc", "sphinx.ext.napoleon"]
source_suffix = {".md": "markdown", ".ipynb": "markdown"}
exclude_patterns = ["_build", "_decisions_*"]
root_doc = "index"

myst_enable_extensions = ["dollarmath", "deflist"]
myst_heading_anchors = 3
myst_links_external_new_tab = False

autodoc_default_options = {"members": True, "member-order": "bysource"}
autodoc_typehints = "none"  # signatures show them; pages stay short
autodoc_preserve_defaults = True
napoleon_google_docstring = False
napoleon_use_rtype = False
napoleon_use_ivar = True  # attributes of a class are not listed a second time
# docstrings name a class or an attribute by its short name, which another module may also use
suppress_warnings = ["ref.python"]

html_theme = "furo"
html_title = f"{project} {release}"
html_static_path = ["_static"]
html_css_files = ["site.css"]
html_copy_source = False
html_show_sphinx = False
html_theme_options = {"navigation_with_keys": True}
pygments_style = "tango"
highlight_language = "text"  # commands in blocks without a language


def read_notebook(app, docname, source):  # noqa: ANN001, ANN201, ARG001
    """Let a notebook be read as the text and the code of its cells."""
    if not source[0].startswith("{"):
        return
    parts = []
    for cell in json.loads(source[0])["cells"]:
        text = "".join(cell["source"])
        parts.append(f"```python\n{text}\n```" if cell["cell_type"] == "code" else text)
    source[0] = "\n\n".join(parts) + "\n"


def to_mathml(self, node):  # noqa: ANN001, ANN201
    """Write a formula as MathML, which browsers show without a script."""
    block = isinstance(node, nodes.math_block)
    element = latex2mathml.tex2mathml(node.astext(), as_block=block)
    self.body.append(f'<div class="formula">{element}</div>' if block else str(element))
    raise nodes.SkipNode


def setup(app):  # noqa: ANN001, ANN201
    """Connect the two pieces of our own."""
    app.connect("source-read", read_notebook)
    app.add_html_math_renderer("mathml", (to_mathml, None), (to_mathml, None))
    app.config.html_math_renderer = "mathml"
    return {"parallel_read_safe": True, "parallel_write_safe": True}
