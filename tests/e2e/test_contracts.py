"""What the service said to the carrier in all the tests before, against the carrier's documents."""

from __future__ import annotations

from tests.carrier.openapi import assert_follows_description
from tests.carrier.twiml_schema import assert_follows_schema
from tests.e2e.stage import eventually


def play_a_little_of_everything(stage):
    session = stage.open()
    stage.phone("rita").call(session["virtual_number"]).wait(20)
    stage.phone("nora").call(session["virtual_number"]).wait(20)
    stage.phone("rita").text(session["virtual_number"], "hello").wait()
    stage.phone("carl").wait_for_text()
    stage.phone("nora").text(session["virtual_number"], "hello").wait()
    stage.carrier.settle()


def test_every_twiml_document_follows_the_carriers_schema(stage):
    play_a_little_of_everything(stage)

    documents = stage.carrier.twiml_documents
    assert {kind for kind, _, _ in documents} == {"voice", "messaging"}
    for kind, _, xml in documents:
        assert_follows_schema(kind, xml)


def test_every_request_of_the_sdk_follows_the_carriers_description(stage):
    play_a_little_of_everything(stage)
    eventually(lambda: len(stage.carrier.rest_log), lambda found: found > 3)

    for request in list(stage.carrier.rest_log):
        assert_follows_description(request)
