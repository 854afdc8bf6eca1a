"""What this vendor cannot carry: nothing beyond the kinds and parts that its capabilities leave out.

Its document has no limit of a text's length, and whether a text fits its registered template shows at the vendor alone.
"""
