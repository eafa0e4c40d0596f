"""Whole documents: read in a throwaway child, cut into parts, each of which is a speech of one batch."""
