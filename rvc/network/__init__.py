"""The synthesizer: text encoder, flow and generator of VITS (2106.06103) as RVC uses them, inference only.

Module and parameter names follow the tensor names of RVC checkpoints, so that a strict load is the check of the file.
"""
