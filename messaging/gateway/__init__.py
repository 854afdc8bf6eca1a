"""The vendor contract. Plain Python: frozen values in, frozen values out; no Django, no database."""
