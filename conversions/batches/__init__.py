"""Many recordings at once: one wish, a conversion for each file, and one zip at the end."""
