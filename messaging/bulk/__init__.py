"""Set-based SQL: what the ORM does one row at a time or not at all. PostgreSQL and SQLite side by side."""
