"""What the table of Lua's mutants changes, and that each is Lua."""

from __future__ import annotations

from pathlib import Path

import lupa.lua51
import pytest

from tests.mutants.lua_mutants import all_mutants
from tests.mutants.lua_table import TABLE, mutants_of
from tests.mutants.tree import ROOT

SCRIPT = Path("relay/store/lua/texts/an_example.lua")


def changes(row: str, code: str) -> set[str]:
    """The code with each mutant of this row of the table."""
    found = [mutant for mutant in mutants_of(SCRIPT, code) if mutant.row == row]
    return {mutant.lines(code)[1] for mutant in found}


@pytest.mark.parametrize(
    ("code", "mutated"),
    [
        ("local a = b == c\n", {"local a = b ~= c"}),
        ("local a = b < c\n", {"local a = b <= c", "local a = b >= c"}),
        ("local a = b + c\n", {"local a = b - c"}),
        ("local a = { -1, b - c }\n", {"local a = { -1, b + c }"}),
        ("local a = b and c or nil\n", {"local a = b or c or nil", "local a = b and c and nil"}),
        ("local a = not b\n", {"local a = b"}),
        ("local a = true\n", {"local a = false"}),
        ('local a = "b + c" -- and < d\n', set()),
    ],
)
def test_each_operator_becomes_another(code: str, mutated: set[str]) -> None:
    assert changes("operator", code) == mutated


def test_each_guard_is_taken_always_and_never() -> None:
    assert changes("guard", "if a == b then\n") == {"if true then", "if false then"}
    assert changes("guard", "elseif f(a) then\n") == {"elseif true then", "elseif false then"}
    assert changes("guard", "while #a > 0 do\n") == {"while false do"}


def test_each_number_becomes_one_more_and_one_less() -> None:
    assert changes("limit", "local a, b = c2, 30\n") == {
        "local a, b = c2, 31",
        "local a, b = c2, 29",
    }


def test_each_command_that_is_a_statement_is_not_run() -> None:
    assert changes("write", 'redis.call("DEL", keys.due)\n') == {'select("#", "DEL", keys.due)'}
    assert not changes("write", 'local a = f(\n  redis.call("GET", keys.due))\n')
    assert not changes("write", 'return redis.call("GET", keys.due)\n')


def test_each_key_becomes_another_one_and_the_one_that_is_always_empty() -> None:
    code = 'redis.call("DEL", keys.due)\nredis.call("DEL", keys.lanes)\n'
    assert changes("key", code) == {
        'redis.call("DEL", keys.lanes)',
        'redis.call("DEL", keys.never)',
        'redis.call("DEL", keys.due)',
    }


def test_what_a_mutant_takes_away_still_counts_as_used() -> None:
    (mutant,) = mutants_of(SCRIPT, "local a = keys.due\n")
    assert mutant.applied("local a = keys.due\n") == "local a = keys.never --[==[ due ]==]\n"


def test_every_mutant_of_our_scripts_is_lua() -> None:
    parses = lupa.lua51.LuaRuntime().eval("function(text) return loadstring(text) ~= nil end")
    mutants = all_mutants()
    texts = {path: (ROOT / path).read_text() for path in {mutant.path for mutant in mutants}}
    assert {mutant.row for mutant in mutants} == {*TABLE}
    assert not [mutant for mutant in mutants if not parses(mutant.applied(texts[mutant.path]))]
