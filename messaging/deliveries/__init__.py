"""Who got what: the one selector of a delivery's status, the people of a request, a number's history."""
