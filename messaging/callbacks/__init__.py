"""What vendors tell us: received, stored, applied; and what they are asked for."""
