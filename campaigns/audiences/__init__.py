"""Lists of recipients, the files that fill them, and consent."""
