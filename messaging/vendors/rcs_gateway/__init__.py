"""The 5G message gateway reached under `/rcs/`: rich cards with fallback, encrypted bodies, pushes for everything."""
