"""What the commands work with, from the environment."""

from __future__ import annotations

from config.logging import configure_logging
from config.settings import load_settings
from relay.bootstrap import build_services
from relay.workflows.services import Services


def services_of_environment() -> Services:
    """Raises SettingsError. Log lines below a warning would spoil what a command prints."""
    settings = load_settings()
    configure_logging("WARNING")
    return build_services(settings)
