"""One version: of the package, its description, the changelog and the API."""

import re
import tomllib

from relay import __version__
from tests.architecture.source import ROOT
from tests.web.api import make_api


def test_the_package_its_description_the_changelog_and_the_api_have_one_version():
    described = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["version"]
    latest = re.search(r"^## (\S+), ", (ROOT / "CHANGELOG.md").read_text(), re.MULTILINE)[1]
    document = make_api().http.get("/openapi.json").json

    assert {described, latest, document["info"]["version"]} == {__version__}
