"""What an account can carry, and how media get to its vendor."""
