"""Tokens: what programs show in place of a person's password, each with a name, an end, and a part of the rights."""
