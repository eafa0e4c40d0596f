"""Which methods there are, which one `auto` means, and what a missing file says."""

import subprocess
import sys

import pytest

from rvc.errors import AssetError, OptionError
from rvc.options import CHOICES
from rvc.pitch import METHODS, WEIGHTED, available_methods, load_estimator, resolve_method
from tests.rvc.golden import golden


def test_every_method_of_the_options_is_known(no_assets):
    assert {"auto", *METHODS} == set(CHOICES["f0_method"])
    assert set(available_methods(no_assets)) == set(METHODS)


def test_auto_takes_the_best_installed(no_assets):
    class Store:
        def __init__(self, *names):
            self.names = names

        def installed(self, name):
            return name in self.names

    assert resolve_method("auto", no_assets) == "swift-f0"
    assert resolve_method("auto", Store("fcpe", "crepe")) == "fcpe"
    assert resolve_method("auto", Store("fcpe", "rmvpe")) == "rmvpe"
    assert resolve_method("dio", no_assets) == "dio"


def test_an_unknown_method_is_refused_by_name(no_assets):
    with pytest.raises(OptionError) as caught:
        resolve_method("yin", no_assets)
    assert caught.value.field == "f0_method"


def test_a_missing_file_says_the_command_that_brings_it(no_assets):
    methods = available_methods(no_assets)
    assert methods["swift-f0"] is None
    assert methods["harvest"] is None
    assert "python3 run.py manage assets fetch rmvpe" in methods["rmvpe"]


@pytest.mark.parametrize("method", WEIGHTED)
def test_loading_without_the_weights_names_the_command(method, no_assets):
    with pytest.raises(AssetError, match=f"assets fetch {method}`") as caught:
        load_estimator(method, no_assets, device=None, threads=1)
    assert caught.value.code == "needs_asset"


def test_a_network_is_loaded_from_the_stores_file():
    import torch

    class Store:
        def installed(self, name):
            return name == "rmvpe"

        def path(self, name):
            return golden("tiny_rmvpe.pt")

    estimator = load_estimator("auto", Store(), torch.device("cpu"), threads=1)
    assert estimator.name == "rmvpe"
    assert 5_000_000 < estimator.nbytes < 9_000_000


def test_a_fresh_machine_can_measure_pitch(no_assets):
    assert load_estimator("auto", no_assets, device=None, threads=1).name == "swift-f0"
    assert load_estimator("harvest", no_assets, device=None, threads=1).name == "harvest"


def test_importing_and_asking_loads_no_network_library():
    code = (
        "import sys, pathlib, rvc.pitch\n"
        "class Store:\n"
        "    def installed(self, name): return True\n"
        "    def path(self, name): return pathlib.Path(name)\n"
        "rvc.pitch.available_methods(Store()), rvc.pitch.resolve_method('auto', Store())\n"
        "assert not {'torch', 'onnxruntime', 'librosa', 'scipy'} & set(sys.modules), sys.modules.keys()"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
