"""Pretrained files by name: what they are for, where they come from, and that they are what they should be.

No torch is needed here; the readers of these files live with the networks they feed.
"""

from rvc.assets.store import AssetState, AssetStatus, AssetStore
from rvc.assets.table import ASSETS, BASE_URL, Asset, AssetFile, asset_named

__all__ = ["ASSETS", "BASE_URL", "Asset", "AssetFile", "AssetState", "AssetStatus", "AssetStore", "asset_named"]
