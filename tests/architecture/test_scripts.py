"""Every Lua script is a named unit: it declares what it takes, builds no key, and has a test."""

import ast
import re
from functools import cache

import pytest

from relay.store.keys import BoardKeys, DeploymentKeys
from relay.store.records import Record
from relay.store.reputation import TRAFFIC_FIELDS
from relay.store.script_headers import LUA, ScriptError
from relay.store.scripts import Script, script
from relay.store.send_leases import MESSAGE_FIELDS
from tests.architecture.source import ROOT, modules, nodes_of
from tests.fake_redis import FakeRedis

STORE = ROOT / "relay" / "store"
SCRIPTS = {path.stem: path for path in sorted(LUA.glob("*/*.lua")) if path.parent.name != "shared"}
SHARED = {path.stem: path for path in sorted((LUA / "shared").glob("*.lua"))}


def code_lines(path):
    return [line for line in path.read_text().splitlines() if not line.lstrip().startswith("--")]


@pytest.mark.parametrize("name", SCRIPTS)
def test_a_script_says_what_it_does(name):
    text = SCRIPTS[name].read_text()

    assert text.startswith(f"-- {name}: ")
    header = re.match(r"(?:--.*\n)+", text)[0]
    assert re.search(r"\b(twice|once)\b", header), "what if its reply is lost and it runs twice?"


@pytest.mark.parametrize("name", SHARED)
def test_a_shared_part_says_what_it_is_for(name):
    assert SHARED[name].read_text().startswith("-- ")


@pytest.mark.parametrize("path", [*SCRIPTS.values(), *SHARED.values()], ids=lambda path: path.stem)
def test_nothing_is_taken_by_its_position(path):
    assert not [line for line in code_lines(path) if re.search(r"\b(KEYS|ARGV)\b", line)]


@pytest.mark.parametrize("path", [*SCRIPTS.values(), *SHARED.values()], ids=lambda path: path.stem)
def test_a_script_builds_no_key(path):
    for line in code_lines(path):
        for key in re.findall(r'redis\.call\("[A-Z]+", ([^,)]+)', line):
            assert '"' not in key or key in {'"OR"', '"AND"', '"NOT"'}, line
            assert ".." not in key, line


@pytest.mark.parametrize("name", SCRIPTS)
def test_a_script_uses_the_shared_parts_it_needs(name):
    whole, own = script(name).text, SCRIPTS[name].read_text()
    for path in SHARED.values():
        defined = re.findall(r"^local function (\w+)", path.read_text(), re.MULTILINE)
        if any(re.search(rf"\b{function}\(", own) for function in defined):
            assert path.read_text() in whole, f"uses: {path.stem}"


@pytest.mark.parametrize("name", SCRIPTS)
def test_a_moving_slot_refuses_a_script_whole(name):
    """By a key that is declared and never exists."""
    assert "never" in [key.alias for key in script(name).keys]


# --- the calls ------------------------------------------------------------------------


def calls_of_run():
    """(where, script's name, names of the arguments; None where a call passes some on)."""
    for module, path in modules().items():
        if not module.startswith("relay."):
            continue
        for node in nodes_of(path):
            if (
                isinstance(node, ast.Call)
                and isinstance(node.func, ast.Attribute)
                and node.func.attr == "run"
                and ast.unparse(node.func.value).endswith("scripts")
            ):
                name = ast.literal_eval(node.args[0])
                given = {keyword.arg for keyword in node.keywords} - {"durably"}
                yield f"{module}:{node.lineno}", name, given


CALLS = list(calls_of_run())


@pytest.mark.parametrize(("where", "name", "given"), CALLS, ids=[call[0] for call in CALLS])
def test_a_call_gives_a_script_just_what_it_declares(where, name, given):
    """mypy cannot check these names."""
    declared = script(name).arguments

    assert given - {None} <= declared, where
    assert None in given or given == declared, where


def test_every_script_is_called():
    assert {name for _, name, _ in CALLS} == set(SCRIPTS)


@cache
def words_by_method():
    """(the name under which the store offers something, the words that its code has in quotes)."""
    return [
        (
            function.name.lstrip("_"),
            {node.value for node in ast.walk(function) if isinstance(node, ast.Constant)},
        )
        for path in sorted(STORE.rglob("*.py"))
        for function in nodes_of(path)
        if isinstance(function, ast.FunctionDef)
    ]


@cache
def words_of_tests():
    tests = (ROOT / "tests" / "store").rglob("*.py")
    return {word for path in tests for word in re.findall(r"\w+", path.read_text())}


@pytest.mark.parametrize("name", SCRIPTS)
def test_a_script_has_a_test_of_it(name):
    methods = {method for method, words in words_by_method() if name in words}

    assert {name, *methods} & words_of_tests(), (
        f"no test under tests/store names {name} or what runs it: {methods}"
    )


@pytest.mark.parametrize(
    ("part", "table", "fields"),
    [
        ("message", "MESSAGE_FIELDS", MESSAGE_FIELDS),
        ("traffic", "TRAFFIC_FIELDS", TRAFFIC_FIELDS),
    ],
)
def test_lua_and_python_know_the_same_fields(part, table, fields):
    found = re.search(rf"{table} = \{{(.*?)\}}", SHARED[part].read_text(), re.DOTALL).group(1)

    assert tuple(re.findall(r'"(\w+)"', found)) == fields


def test_lua_and_python_know_the_same_session():
    """Read, named and written in the same order."""
    text = SHARED["session"].read_text()
    reading, packing = text.split("local function pack_session")
    read, named = reading.split("local function read_session")[1].split("return {")
    read = read.partition("local\n")[2].partition("=")[0]
    packing = packing.partition("concat({")[2].partition("}")[0]

    assert tuple(re.findall(r"\w+", read)) == Record._fields
    assert re.findall(r"(\w+) = (\w+)", named) == [(field, field) for field in Record._fields]
    assert tuple(re.findall(r"session\.(\w+)", packing)) == Record._fields


# --- the generator --------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("-- keys: nothing\nreturn keys.nothing", "no key nothing"),
        ("-- keys: sessions\nreturn 1", "never uses its keys"),
        ("-- args: id\nreturn 1", "never uses its args"),
        ("return keys.sessions", "undeclared keys"),
        ("return args.id", "undeclared args"),
        ("-- keys: message\nreturn keys.message", "is made of"),
        ("-- keys: message(id)\nreturn keys.message", "made of unknown"),
        ("-- args: id:colour\nreturn args.id", "is no argument"),
        ("-- keys: =\nreturn 1", "is no key"),
        ("-- args: now\n-- args: now:number\nreturn args.now", "in two ways"),
    ],
)
def test_a_header_that_does_not_fit_is_an_error_when_the_script_is_loaded(text, fault):
    with pytest.raises(ScriptError, match=fault):
        Script("made_up", text)


SAMPLE = """-- keys: sessions texts=message(ids*) theirs=open("recruiter" ref)
--       nodes=node_in(of.pool of.index)
-- args: ref now:number is_new:flag nothing? ids:list of:records(pool index count:number)
return { keys.texts[2], keys.theirs, keys.nodes[1].used.candidate, args.ref, args.now + 1,
  args.is_new and "new" or "old", args.nothing or "nil", args.ids[1], args.of[1].count + 1,
  keys.sessions }"""
GIVEN = {
    "ref": "r",
    "now": 1,
    "is_new": True,
    "nothing": None,
    "ids": ["a", "b"],
    "of": [{"pool": "us", "index": "i", "count": 2}],
}


def test_both_sides_are_bound_by_name():
    client = FakeRedis()
    sample = Script("sample", SAMPLE)
    keys, args = sample.bind(BoardKeys("main"), GIVEN)

    assert client.eval(sample.text, len(keys), *keys, *args) == [
        "{main}:message:b",
        "{main}:open:recruiter:r",
        "{main}/us:used:c:i",
        "r",
        2,
        "new",
        "nil",
        "a",
        3,
        "{main}:sessions",
    ]


@pytest.mark.parametrize("given", [{**GIVEN, "more": 1}, {"ref": "r"}])
def test_a_call_with_other_names_is_an_error(given):
    with pytest.raises(ScriptError, match="sample takes"):
        Script("sample", SAMPLE).bind(BoardKeys("main"), given)


def test_a_script_of_the_deployment_is_bound_to_its_keys():
    keys, _ = script("count_in_window").bind(DeploymentKeys(), {"who": "x", "window": 60})

    assert set(keys) == {"{all_boards}:never", "{all_boards}:rates:fixed:x"}


@pytest.mark.parametrize("path", [*SCRIPTS.values(), *SHARED.values()], ids=lambda path: path.stem)
def test_a_line_of_a_script_is_as_short_as_one_of_python(path):
    assert not [line for line in path.read_text().splitlines() if len(line) > 100]


def test_every_function_of_the_store_can_be_seen_whole() -> None:
    longest = {
        f"{path.name}: {node.name}": node.end_lineno - node.lineno + 1
        for path in sorted(STORE.rglob("*.py"))
        for node in nodes_of(path)
        if isinstance(node, ast.FunctionDef)
    }
    assert not {name: lines for name, lines in longest.items() if lines >= 35}
