"""Voices from an address: the job that brings them, the listing of the model hub, pages, API, administration."""
