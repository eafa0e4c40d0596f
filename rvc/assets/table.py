"""The table of pretrained files. Sizes and sha256 are those of the publishers' own catalogues.

A hash pins the content, so the newest revision of a repository can be asked for: a changed file is refused.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from rvc.errors import AssetError

BASE_URL = "https://huggingface.co"
"""The hub that `AssetFile.source` is relative to; a mirror has the same paths below another address."""


@dataclass(frozen=True)
class AssetFile:
    """One file. `size` (bytes) and `sha256` are None where unpublished; `source` is "" where no hub has the file."""

    name: str
    size: int | None
    sha256: str | None
    source: str = ""


@dataclass(frozen=True)
class Asset:
    """Something a network is loaded from. Any one of `copies` is enough; the first is the one that is fetched."""

    name: str
    purpose: str
    licence: str
    copies: tuple[tuple[AssetFile, ...], ...]
    is_folder: bool = False
    bundled: str = ""

    def known(self, filename: str) -> list[AssetFile]:
        """Everything published under this file name."""
        return [file for copy in self.copies for file in copy if file.name == filename]

    @property
    def fetchable(self) -> bool:
        """Whether the hub has it."""
        return all(file.source for file in self.copies[0])


def asset_named(name: str) -> Asset:
    """The asset called `name`; AssetError `unknown_asset` lists the names there are."""
    if name not in ASSETS:
        raise AssetError("unknown_asset", f"There is no asset called {name[:40]!r}; there are {', '.join(ASSETS)}.")
    return ASSETS[name]


def published() -> Iterator[tuple[Asset, AssetFile]]:
    """Every file whose size and hash are known, with the asset it belongs to."""
    for asset in ASSETS.values():
        for copy in asset.copies:
            yield from ((asset, file) for file in copy if file.sha256)


def _hub(source: str, size: int, sha256: str, *, name: str = "") -> AssetFile:
    repository, path = source.split(":")
    return AssetFile(name or path.rsplit("/", 1)[-1], size, sha256, f"{repository}/resolve/main/{path}")


def _single(name: str, purpose: str, licence: str, *files: AssetFile) -> Asset:
    return Asset(name, purpose, licence, tuple((file,) for file in files))


def _embedder(name: str, licence: str, config: tuple[int, str], weights: tuple[int, str]) -> Asset:
    folder = "IAHispano/Applio:Resources/embedders/" + (name.replace("-", "_") if "hubert" in name else name)
    files = (_hub(f"{folder}/config.json", *config), _hub(f"{folder}/pytorch_model.bin", *weights))
    return Asset(name, f"Content encoder of voices trained with {name}", licence, (files,), is_folder=True)


WHISPER_BASE = Asset(
    "whisper-base",
    "Content encoder of the starter voice",
    "MIT (OpenAI Whisper)",
    (
        (
            AssetFile(
                "whisper-base-encoder.safetensors",
                21532368,
                "61cb9be66fe218ecdeafcf025229bdb179daaa430d8d21217101b3406e44a63a",
            ),
            AssetFile(
                "whisper-base-encoder.json", 1233, "5a17062724b023c30bb723330afb0fd155086fe619a9d27eb1b1ea6db5233c9e"
            ),
        ),
    ),
    is_folder=True,
    bundled="models_app/starter/encoder.zip",
)

CONTENTVEC = Asset(
    "contentvec",
    "Content encoder of nearly all community voices (v1 and v2)",
    "MIT (ContentVec; RVC WebUI)",
    (
        (
            _hub(
                "lj1995/VoiceConversionWebUI:hubert_base/config.json",
                1492,
                "0346950779dfb7f9316fa74ed846e2b8a22a08eedfdc5387b73f327cb1a4a7cf",
            ),
            _hub(
                "lj1995/VoiceConversionWebUI:hubert_base/pytorch_model.bin",
                189206711,
                "cc8c20f4b90a520757260197a3ff2505705a7adbd20ad9eeaa4e1a9b38442ef5",
            ),
        ),
        (  # the older fairseq form
            AssetFile("hubert_base.pt", 189507909, "f54b40fd2802423a5643779c4861af1e9ee9c1564dc9d32f54f20b5ffba7db96"),
        ),
        (  # Applio's copy, whose hashes nobody published
            AssetFile("config.json", None, None),
            AssetFile("pytorch_model.bin", None, None),
        ),
    ),
    is_folder=True,
)

_KOKORO = "onnx-community/Kokoro-82M-v1.0-ONNX"
_KOKORO_VOICES = {
    "af_heart": "d583ccff3cdca2f7fae535cb998ac07e9fcb90f09737b9a41fa2734ec44a8f0b",
    "af_bella": "f69d836209b78eb8c66e75e3cda491e26ea838a3674257e9d4e5703cbaf55c8b",
    "am_fenrir": "c27989f741f7ee34d273a39d8a595cc0837d35f5ced9a29b7cc162614616df43",
    "am_michael": "1d1f21dd8da39c30705cd4c75d039d265e9bc4a2a93ed09bc9e1b1225eb95ba1",
    "bf_emma": "669fe0647f9dd04fcab92f1439a40eeb4c8b4ab1f82e4996fe3d918ce4a63b73",
    "bm_george": "c4b235a4c1f2cd3b939fed08b899ce9385638b763f7b73a59616c4fc9bd6c9bc",
}

_ALL = (
    WHISPER_BASE,
    CONTENTVEC,
    _single(
        "rmvpe",
        "Pitch estimator, the usual choice for RVC",
        "MIT (RVC WebUI)",
        _hub(
            "lj1995/VoiceConversionWebUI:rmvpe.pt",
            181184272,
            "6d62215f4306e3ca278246188607209f09af3dc77ed4232efdd069798c4ec193",
        ),
        # the same weights, saved again by a maintained fork
        AssetFile("rmvpe.pt", 181189687, "a5ed4719f59085d1affc5d81354c70828c740584f2d24e782523345a6a278962"),
    ),
    _single(
        "fcpe",
        "Pitch estimator, fast",
        "MIT (torchfcpe)",
        _hub(
            "licyk/rvc-model:fcpe/fcpe_c_v001.pt",
            43363260,
            "b9aeaeb673436eeda50ceafd632aa681aa63417e52eae4207503d180c9b10015",
            name="fcpe.pt",
        ),
    ),
    _single(
        "crepe",
        "Pitch estimator, slow and exact on clean sounds",
        "MIT (CREPE, torchcrepe)",
        _hub(
            "licyk/rvc-model:crepe/full.pth",
            88991291,
            "133225604dedd2e4005f8bbd1bd0a2ec073ba8b7a6cd31ff6d5edbbfa3539986",
        ),
    ),
    _single(
        "crepe-tiny",
        "Pitch estimator, the small CREPE",
        "MIT (CREPE, torchcrepe)",
        _hub(
            "licyk/rvc-model:crepe/tiny.pth",
            1962363,
            "d4993eea36ed1a0ad9ac549c740dae5265b049ce72004f00c2f59e01c0be8432",
        ),
    ),
    _embedder(
        "spin",
        "MIT (Spin; Applio)",
        (1459, "442f4c090139d059dc8426b8a5ce9f2c637f01c556d5f5ec82d7bc26df342610"),
        (378356791, "057f12bfda54e2d486d86a52a3beb2a07c96a888bc6ac0c382c12ac18dbd500c"),
    ),
    _embedder(
        "spin-v2",
        "MIT (Spin; Applio)",
        (1492, "8d3fbf68edffae2afafaa9083002fdb53a8ccc5fe1c0b6af5f0db1bd9f7fad61"),
        (378356791, "9a9ac0be326057b17607a988be497793817f8274e987cf691a1b61192510f823"),
    ),
    _embedder(
        "chinese-hubert-base",
        "MIT (TencentGameMate)",
        (1380, "f6bd1bdef239518d022edcef31243acf344a2afa33d5428e16f221cac09cbcd0"),
        (377552987, "2fefccd26c2794a583b80f6f7210c721873cb7ebae2c1cde3baf9b27855e24d8"),
    ),
    _embedder(
        "japanese-hubert-base",
        "Apache-2.0 (rinna)",
        (1375, "2cc68fe950504f7468f4e786a31b8bf65c922de2b9f92cd252e3919bed689fe1"),
        (377554841, "6c023ccb71e4c2b5a324c94fc5ebe12403d3081c5f370df229892419996fd113"),
    ),
    _embedder(
        "korean-hubert-base",
        "Apache-2.0 (team-lucid)",
        (1594, "24ea67cacbff255e2848b16d655618b49a164539a20cc9dc3339d4319a4259f3"),
        (377554841, "931f6232879f8eadf7dbd9e00e1fa4cac61ad269af89d509b2ed75009b1a02c5"),
    ),
    Asset(
        "piper-en-us-joe",
        "Voice for speaking texts: English, natural, for the engine piper",
        "data set CC0; made from Piper's voice lessac, whose licence nobody here checked",
        (
            (
                _hub(
                    "rhasspy/piper-voices:en/en_US/joe/medium/en_US-joe-medium.onnx",
                    63201294,
                    "58afce0321b8d9c46d7cdf9c16500cc55a793b4220212dba6b70fb788b3baf06",
                ),
                _hub(
                    "rhasspy/piper-voices:en/en_US/joe/medium/en_US-joe-medium.onnx.json",
                    4794,
                    "3d6d5410b3795cb1950595247ef8f06190719e6fdbfa3a2356d8ec368e1aad33",
                ),
            ),
        ),
        is_folder=True,
    ),
    Asset(
        "kokoro",
        "Network and voices for speaking texts: English, natural, for the engine kokoro",
        "Apache-2.0 (hexgrad)",
        (
            (
                _hub(
                    "hexgrad/Kokoro-82M:config.json",
                    2351,
                    "5abb01e2403b072bf03d04fde160443e209d7a0dad49a423be15196b9b43c17f",
                ),
                _hub(
                    f"{_KOKORO}:onnx/model_quantized.onnx",
                    92361116,
                    "fbae9257e1e05ffc727e951ef9b9c98418e6d79f1c9b6b13bd59f5c9028a1478",
                ),
                *(_hub(f"{_KOKORO}:voices/{voice}.bin", 522240, sha256) for voice, sha256 in _KOKORO_VOICES.items()),
            ),
        ),
        is_folder=True,
    ),
)
ASSETS: dict[str, Asset] = {asset.name: asset for asset in _ALL}
"""Every asset by name."""
