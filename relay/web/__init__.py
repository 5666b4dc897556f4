"""What the world may send us over HTTP: the REST API and the carrier's webhooks."""

from apiflask.schema_adapters import registry

from relay.web.validation import ModelAdapter

# Here, since it must stand before the first view is defined, whichever that is.
registry.register("pydantic", ModelAdapter)
