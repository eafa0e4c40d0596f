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
PEOPLE = ["alice", "bob"]
UNFAIR = ("--exclude-checks", "positive_data_acceptance")
"""Among many requests some fit the description and are refused all the same: texts with null characters or of blanks
alone, and null as it is written in forms."""
REFUSED = """
[checks]
positive_data_acceptance.expected-statuses = ["2xx", "401", "403", "404", "409", "422", "429"]

[[operations]]
include-name = ["DELETE /api/me/data/", "POST /api/imports/"]
checks.positive_data_acceptance.expected-statuses = ["202", "400", "401", "403", "422", "429"]
"""
"""What fits the description is refused where an id belongs to nobody, or a file is no recording (422); with 400 only
where the text itself must be one's own name, or an address."""
LISTS = ("voices", "imports", "webhooks", "conversions", "presets", "batches", "uploads", "speeches", "tokens")


def attack(site, folder, *how):
    """Run every check as two people, who see nothing of each other; what was found."""
    keys = {name: {"name": "Authorization", "value": f"Bearer {site.known[name]}"} for name in PEOPLE}
    people = [{"name": name, "fixedHeaders": [key]} for name, key in keys.items()]
    (folder / "people.json").write_text(json.dumps({"auth": people}))
    peers = f'[auth.wfc]\npath = "people.json"\npeers = {json.dumps(PEOPLE)}\n'
    (folder / "schemathesis.toml").write_text(peers + REFUSED)
    command = [PROGRAM, "--config-file", folder / "schemathesis.toml", "run", SCHEMA, "--url", site.address]
    command += ["--checks", "all", "--exclude-path-regex", STREAMS, "--no-color"]
    command += ["--continue-on-failure", "--no-shrink", "--request-timeout", "60"]
    report = folder / "report.txt"
    before = len(site.said())
    with report.open("w") as said:
        ended = subprocess.run([*map(str, command), *how], stdout=said, stderr=said, cwd=folder, check=False)
    return ended.returncode, report.read_text(), site.said()[before:]


def judge(status, said, logged):
    """`logged` is what the site said meanwhile: other tests break streams off on purpose, which is logged too."""
    fault = re.search(r"Traceback|Internal Server Error", logged)
    assert not fault, logged[max(fault.start() - 1000, 0) :][:6000]
    assert status == 0, said[max(said.find("= FAILURES =") - 100, 0) :][:20000]
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


def test_no_request_breaks_it(site, tmp_path):
    """A few of each, and the same ones every time."""
    judge(*attack(site, tmp_path, "--phases", "fuzzing", "--max-examples", "3", "--generation-deterministic"))


@pytest.mark.long
@pytest.mark.timeout(1200)
def test_no_request_of_many_breaks_it(site, tmp_path):
    how = ("--phases", "coverage,fuzzing,stateful", "--max-examples", "40", "--max-time", "540", *UNFAIR)
    judge(*attack(site, tmp_path, *how, "--generation-database", "none"))
    assert sum(hidden_from(site, *map(site.known.get, pair)) for pair in (PEOPLE, PEOPLE[::-1])) > 3, "much was made"
