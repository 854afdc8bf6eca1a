"""What reached one number, and what went over the wire for it."""
