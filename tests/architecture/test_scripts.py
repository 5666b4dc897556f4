"""Every Lua script has its header, names what it is given, builds no key, and has a test."""

import ast
import re

import pytest

from relay.store.records import FIELDS
from relay.store.scripts import LUA, source
from tests.architecture.source import ROOT, modules

SCRIPTS = {path.stem: path for path in sorted(LUA.glob("*.lua"))}
SHARED = {path.stem: path for path in sorted((LUA / "shared").glob("*.lua"))}
GIVEN = re.compile(r"\b(KEYS|ARGV)\[(\d+)\]")
NAMED = re.compile(r"\b\w+ = (?:tonumber\()?(?:KEYS|ARGV)\[\d+\]")
IN_A_LIST = re.compile(r"\w+ = \{ (?:(?:KEYS|ARGV)\[\d+\](?:, )?)+ \}")


def code_lines(path):
    return [line for line in path.read_text().splitlines() if not line.startswith("--")]


@pytest.mark.parametrize("name", SCRIPTS)
def test_a_script_says_what_it_does(name):
    text = SCRIPTS[name].read_text()

    assert text.startswith(f"-- {name}: ")
    header = text.partition("\nlocal ")[0]
    assert re.search(r"\b(twice|once)\b", header), "what if its reply is lost and it runs twice?"


@pytest.mark.parametrize("name", SHARED)
def test_a_shared_part_says_what_it_is_for(name):
    assert SHARED[name].read_text().startswith("-- ")


@pytest.mark.parametrize("name", SCRIPTS)
def test_a_script_names_everything_it_is_given(name):
    """Each KEYS[n] and ARGV[n] goes into a name at once, none is left out, each key has a type."""
    numbers = {"KEYS": [], "ARGV": []}
    for line in code_lines(SCRIPTS[name]):
        found = GIVEN.findall(line)
        for kind, number in found:
            numbers[kind].append(int(number))
        if found and not IN_A_LIST.search(line):
            assert len(NAMED.findall(line)) == len(found), line
        if any(kind == "KEYS" for kind, _ in found):
            assert re.search(r"-- .*(hash|string|sorted set|set|bitmap)", line), line
    for kind, seen in numbers.items():
        assert seen == list(range(1, len(seen) + 1)), f"{kind} in order, each once"


@pytest.mark.parametrize("path", [*SCRIPTS.values(), *SHARED.values()], ids=lambda path: path.stem)
def test_a_script_builds_no_key(path):
    for line in code_lines(path):
        for key in re.findall(r'redis\.call\("[A-Z]+", ([^,)]+)', line):
            assert '"' not in key or key in {'"OR"', '"AND"', '"NOT"'}, line
            assert ".." not in key, line


@pytest.mark.parametrize("name", SCRIPTS)
def test_a_script_uses_shared_parts_that_are_there_and_all_it_needs(name):
    whole = source(name)
    own = SCRIPTS[name].read_text()
    for part, path in SHARED.items():
        defined = re.findall(r"^local function (\w+)", path.read_text(), re.MULTILINE)
        if any(re.search(rf"\b{function}\(", own) for function in defined):
            assert path.read_text() in whole, f"uses: {part}"


def methods_that_run(name):
    """The names under which the store offers a script."""
    for module, path in modules().items():
        if module.startswith("relay.store"):
            for function in ast.walk(ast.parse(path.read_text())):
                if isinstance(function, ast.FunctionDef) and any(
                    isinstance(node, ast.Constant) and node.value == name
                    for node in ast.walk(function)
                ):
                    yield function.name.lstrip("_")


@pytest.mark.parametrize("name", SCRIPTS)
def test_a_script_is_run_by_the_store_and_has_a_test_of_it(name):
    methods = set(methods_that_run(name))
    tests = "".join(path.read_text() for path in (ROOT / "tests" / "store").rglob("*.py"))

    assert methods, "nobody runs it"
    assert any(re.search(rf"\b{word}\b", tests) for word in {name, *methods}), (
        f"no test under tests/store names {name} or what runs it: {methods}"
    )


def test_lua_and_python_know_the_same_fields_of_a_session():
    text = SHARED["session"].read_text()
    fields = re.search(r"SESSION_FIELDS = \{(.*?)\}", text, re.DOTALL).group(1)

    assert tuple(re.findall(r'"(\w+)"', fields)) == FIELDS
