"""hanwg 5G template editing, after document 001."""
