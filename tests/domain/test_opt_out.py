"""STOP, START and the words beside them."""

import pytest

from relay.domain.opt_out import OptOut, classify_opt_out, is_start_for_others


@pytest.mark.parametrize("body", ["STOP", "stop", " Stop \n", "optout", "REVOKE", "Unsubscribe"])
def test_a_stop_word_alone_stops(body):
    assert classify_opt_out(body) is OptOut.STOP


@pytest.mark.parametrize("body", ["STOP PLEASE", "please stop", "", "ok", "停", "HELP me", "ALTO"])
def test_a_word_among_others_stops_nothing(body):
    assert classify_opt_out(body) is OptOut.NEITHER


@pytest.mark.parametrize("body", ["HELP", "info", " Info\n"])
def test_a_call_for_help_is_answered_by_the_carrier(body):
    assert classify_opt_out(body) is OptOut.HELP


def test_yes_is_an_answer_unless_it_undoes_a_stop():
    assert classify_opt_out("YES") is OptOut.START
    assert is_start_for_others("Yes", undoes_a_stop=False)
    assert not is_start_for_others("Yes", undoes_a_stop=True)


def test_unstop_is_never_conversation():
    assert classify_opt_out("UNSTOP") is OptOut.START
    assert not is_start_for_others("UNSTOP", undoes_a_stop=False)
