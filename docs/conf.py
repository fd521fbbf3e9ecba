"""How Sphinx builds the documentation (`make docs`): nothing comes from elsewhere, and the search is local."""

project = "statestore"
html_title = "statestore"
html_theme = "furo"
extensions = ["myst_parser"]
exclude_patterns = ["_build"]
html_copy_source = False
html_show_copyright = False
myst_heading_anchors = 3
myst_enable_extensions = ["colon_fence"]
nitpicky = True
suppress_warnings = ["toc.empty_glob"]  # some pages are written by `make bench`
