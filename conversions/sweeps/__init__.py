"""Sweeps: one clip of a recording in several settings, side by side, from one reading of its content and pitch."""
