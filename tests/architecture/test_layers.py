"""Layers import downwards only (docs/architecture.md)."""

import re
import sys
from graphlib import TopologicalSorter

import pytest

from tests.architecture.source import OURS, imports_of, is_within, modules

#: layer → what of ours it may import beside itself.
LAYERS = {
    "config": (),
    "relay.domain": (),
    "relay.signing": ("config",),
    "relay.vault": ("config", "relay.domain", "relay.signing"),
    "relay.metrics": (),
    "relay.store": ("config", "relay.domain", "relay.signing"),
    "relay.carrier": ("config", "relay.domain", "relay.metrics"),
    "relay.workflows": (
        "config",
        "relay.domain",
        "relay.vault",
        "relay.metrics",
        "relay.store",
        "relay.carrier",
    ),
    "relay.web": (
        "config",
        "relay.domain",
        "relay.vault",
        "relay.metrics",
        "relay.store",
        "relay.carrier",
        "relay.workflows",
    ),
    "workers": (
        "config",
        "relay.bootstrap",
        "relay.queues",
        "relay.domain",
        "relay.metrics",
        "relay.store",
        "relay.carrier",
        "relay.workflows",
    ),
    "relay.queues": ("config", "relay.domain", "relay.store"),
    "relay.embedded_redis": (),
    "relay.bootstrap": (
        "config",
        "relay.domain",
        "relay.vault",
        "relay.store",
        "relay.carrier",
        "relay.queues",
        "relay.workflows",
    ),
    "relay.app": ("config", "relay.bootstrap", "relay.web", "relay.workflows"),
    "relay.cli": (
        "config",
        "relay.bootstrap",
        "relay.domain",
        "relay.store",
        "relay.carrier",
        "relay.workflows",
    ),
    "relay.__main__": ("relay.cli",),
    "relay.sandbox": ("config", "relay", "workers"),
}
NOBODY_IMPORTS = "relay.sandbox"
#: Five digits, as Twilio numbers its errors.
CARRIER_CODE = re.compile(r"\b(2[01]\d{3}|3[0-9]\d{3}|11[0-9]\d{2})\b(?!\.)")


def layer_of(module):
    return max((layer for layer in LAYERS if is_within(module, (layer,))), key=len, default=None)


@pytest.mark.parametrize("module", [name for name in modules() if name != "relay"])
def test_a_module_imports_its_own_layer_and_those_below(module):
    layer = layer_of(module)
    assert layer is not None, f"{module} is in no layer: name it in LAYERS"
    allowed = (layer, *LAYERS[layer], "relay.__init__", "relay.__version__")
    wrong = {
        name
        for name in imports_of(modules()[module])
        if is_within(name, OURS) and name not in {*OURS} and not is_within(name, allowed)
    }

    assert not wrong


@pytest.mark.parametrize(
    "module", [name for name in modules() if not is_within(name, (NOBODY_IMPORTS,))]
)
def test_no_production_module_imports_the_sandbox(module):
    assert not [
        name for name in imports_of(modules()[module]) if is_within(name, ("relay.sandbox",))
    ]


@pytest.mark.parametrize(
    "module", [name for name in modules() if is_within(name, ("relay.domain",))]
)
def test_the_domain_is_pure(module):
    """The standard library and phonenumbers, and no clock: datetime is for the calendar only."""
    allowed = {*sys.stdlib_module_names, "phonenumbers", "relay"} - {"time", "os"}

    assert {name.partition(".")[0] for name in imports_of(modules()[module])} <= allowed
    assert not re.search(r"\.(now|utcnow|today)\(", modules()[module].read_text())


def test_only_the_carrier_knows_the_sdk():
    outside = {
        module
        for module, path in modules().items()
        if not is_within(module, ("relay.carrier", "relay.sandbox"))
        and any(is_within(name, ("twilio",)) for name in imports_of(path))
    }

    assert not outside


def test_only_the_edges_know_flask():
    outside = {
        module
        for module, path in modules().items()
        if not is_within(module, ("relay.web", "relay.app", "relay.sandbox"))
        and any(is_within(name, ("flask", "apiflask")) for name in imports_of(path))
    }

    assert not outside


def test_no_modules_import_each_other_in_a_circle():
    """Imports for type checking count: a circle is hard to follow whenever it is closed."""
    ours = modules()
    TopologicalSorter(
        {module: {*imports_of(path)} & ours.keys() - {module} for module, path in ours.items()}
    ).prepare()


def test_no_carrier_code_is_known_outside_of_the_carrier():
    """Twilio's numbers live at Twilio's client (relay/carrier/codes.py)."""
    elsewhere = {
        module
        for module, path in modules().items()
        if not is_within(module, ("relay.carrier", "relay.sandbox"))
        and CARRIER_CODE.search(path.read_text())
    }

    assert not elsewhere


def test_one_function_makes_clients_of_the_carriers_sdk():
    """It alone decides credentials, region, timeout and address."""
    makers = [
        module
        for module, path in modules().items()
        if "twilio.rest.Client" in imports_of(path) and re.search(r"[ =]Client\(", path.read_text())
    ]

    assert makers == ["relay.carrier.client"]
