"""Where vendors call us."""
