"""Files as they really are: type from the bytes, size and length measured, pictures cut and compressed. No models here."""
