"""The examples of docs/clients.md run as they stand, but for the address and the key."""

import re

import pytest
from django.conf import settings

pytestmark = pytest.mark.worker
EXAMPLES = re.findall(r"```python\n(.*?)```", (settings.BASE_DIR / "docs" / "clients.md").read_text(), re.DOTALL)


@pytest.mark.parametrize("example", EXAMPLES, ids=["openai", "elevenlabs"])
def test_the_examples_run(site, example, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    code = example.replace("http://127.0.0.1:8000", site.address).replace("YOUR KEY", site.token)
    exec(compile(code, "docs/clients.md", "exec"), {})
    assert (tmp_path / "morning.mp3").stat().st_size > 2000
    if "elevenlabs" in example:
        assert "Starter (Joe)" in capsys.readouterr().out
