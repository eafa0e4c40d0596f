"""Turn a stranger's picture into one of ours: square, small, and without a word about where it was taken."""

import warnings

from PIL import Image, ImageOps, UnidentifiedImageError

from rvc.errors import VoiceFileError

FORMATS = ("PNG", "JPEG", "WEBP", "GIF")
SIDE = 512
MOST_PIXELS = 40_000_000


def square(source: str, target: str) -> None:
    """Write the middle of the picture at `source` to `target`, SIDE × SIDE pixels, WebP. Runs in a throwaway child.

    Of a moving picture the first frame is taken. Raises VoiceFileError: not_a_picture, too_complex.
    """
    warnings.simplefilter("error", Image.DecompressionBombWarning)
    try:
        picture = _opened(source)
        picture.draft("RGB", (2 * SIDE, 2 * SIDE))  # a JPEG is decoded no larger than it is needed
        upright = ImageOps.exif_transpose(picture).convert("RGBA" if picture.has_transparency_data else "RGB")
        shown = ImageOps.fit(upright, (SIDE, SIDE), Image.Resampling.LANCZOS)
        shown.info = {}  # the encoder would copy profiles and notes from here
        shown.save(target, "WEBP", quality=82, method=4)
    except (UnidentifiedImageError, OSError, ValueError, SyntaxError, EOFError) as error:
        raise VoiceFileError("not_a_picture", "This picture cannot be read: use a PNG, JPEG, WebP or GIF.") from error


def _opened(source: str) -> Image.Image:
    """The picture with its size known and nothing decoded."""
    try:
        picture = Image.open(source, formats=FORMATS)
    except (Image.DecompressionBombError, Image.DecompressionBombWarning) as error:
        raise _too_many() from error
    if picture.width * picture.height > MOST_PIXELS:
        raise _too_many()
    return picture


def _too_many() -> VoiceFileError:
    return VoiceFileError("too_complex", f"The picture has more than {MOST_PIXELS // 1_000_000} million pixels.")
