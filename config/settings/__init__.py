"""base (shared), local (one machine, no service), production (fails loudly), test."""
