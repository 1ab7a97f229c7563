"""The page for a workshop: a local server, twins computed while people watch, a static page."""
