"""The demonstration: a whole back office on one machine, with a sandbox in the vendors' place. Not used in production."""
