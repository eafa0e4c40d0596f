"""Requests that are made of the API's own description, right and wrong ones, against a site that runs."""

import json
import re
import subprocess
import sys
import urllib.error
import urllib.request
from pathlib import Path

import pytest
from django.conf import settings

pytestmark = pytest.mark.worker
SCHEMA = settings.BASE_DIR / "schema.yml"
PROGRAM = Path(sys.executable).parent / "st"
STREAMS = r"/events/$"
"""These last two minutes each."""
UNFAIR = "positive_data_acceptance"
"""What fits the description is refused all the same where an id belongs to nobody, or a file is no recording."""
LISTS = ("voices", "imports", "webhooks", "conversions", "presets", "batches", "uploads", "speeches", "tokens")


def attack(site, folder, key, *how):
    """Run every check but one; what was found, and the log of the site."""
    report = folder / "report.txt"
    command = [PROGRAM, "run", SCHEMA, "--url", site.address, "-H", f"Authorization: Bearer {key}"]
    command += ["--checks", "all", "--exclude-checks", UNFAIR, "--exclude-path-regex", STREAMS, "--no-color"]
    command += ["--continue-on-failure", "--no-shrink", "--generation-database", "none", "--request-timeout", "60"]
    with report.open("w") as said:
        ended = subprocess.run([*map(str, command), *how], stdout=said, stderr=said, cwd=folder, check=False)
    return ended.returncode, report.read_text()


def judge(site, status, said):
    faults = [line for line in site.said().splitlines() if re.search(r"Traceback|Internal Server Error", line)]
    assert not faults, site.said()[site.said().find(faults[0]) - 1000 :][:6000]
    assert status == 0, said[-6000:]
    assert re.search(r"Tested: \d{2,}", said), "it did something"


def ask(site, key, path):
    request = urllib.request.Request(site.address + path, headers={"Authorization": f"Bearer {key}"})
    try:
        with urllib.request.urlopen(request, timeout=60) as answer:
            return answer.status, json.load(answer)
    except urllib.error.HTTPError as error:
        return error.code, error.read()


def hidden_from(site, owner, stranger):
    """Everything that one person has is missing for the other; how much that was."""
    count = 0
    for kind in LISTS:
        _, page = ask(site, owner, f"/api/{kind}/?page_size=200")
        for row in page["results"]:
            if row.get("visibility") != "everyone":
                assert ask(site, stranger, f"/api/{kind}/{row['id']}/")[0] == 404, (kind, row["id"])
                count += 1
    return count


@pytest.mark.long  # how far it gets in its time is the machine's business
def test_no_request_breaks_it(site, tmp_path):
    """A short while of it; the long one is below."""
    how = ("--phases", "fuzzing,stateful", "--max-examples", "2", "--max-time", "30", "--seed", "1")
    judge(site, *attack(site, tmp_path, site.known["alice"], *how))
    assert hidden_from(site, site.known["alice"], site.known["bob"]) > 3, "something was made"


@pytest.mark.long
@pytest.mark.timeout(1800)
@pytest.mark.parametrize("person", ["alice", "bob"])
def test_no_request_of_many_breaks_it(site, tmp_path, person):
    how = ("--phases", "coverage,fuzzing,stateful", "--max-examples", "30", "--max-time", "700")
    judge(site, *attack(site, tmp_path, site.known[person], *how))
    other = {"alice": "bob", "bob": "alice"}[person]
    assert hidden_from(site, site.known[person], site.known[other]) > 3
