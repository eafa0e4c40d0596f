import pytest


@pytest.fixture(autouse=True)
def _own_folder(own_folder):
    """Every test here has a folder of its own."""


@pytest.fixture
def imports(settings, network, monkeypatch):
    """Imports are allowed from the small internet, whose hub speaks as the real one does. How it is asked."""
    from models_app import addresses
    from voiceproject import downloads

    settings.IMPORT_FROM_ADDRESSES, settings.IMPORT_HOSTS = True, ["*.example"]
    settings.ASSETS_BASE_URL = "https://hub.example"
    monkeypatch.setattr(downloads, "PAUSE", 0.01)
    rule = addresses.host_list
    monkeypatch.setattr(
        addresses, "fetcher", lambda: network.fetcher(rule().hosts, allow_http=rule().allow_http)
    )  # the way out of this machine
    return network
