"""Messages from phones: matched, obeyed, answered."""
