"""What was measured, as tables and plots."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from tests.bench.pool.plot import Curve, Lane, curves, lanes
from tests.bench.pool.runs import CURVE_COOLDOWNS, Measured, Scene, Theory
from tests.bench.pool.trace import COOLDOWNS, Shape
from tests.bench.table import Row

#: What theory allows, by the shape's name: docs/policy.md.
_RATIO_TO_PROXY = {"0.5/0.3": "about 0.1", "0.8/0.6": "0.13 to 0.17"}


def codes_off_rows(measured: Measured) -> list[Row]:
    rows = []
    for scene, theory in measured.theory.items():
        replayed, bound = measured.codes_off(scene), theory.bounds.koenig
        ratio = replayed.numbers / bound
        rows.append(
            Row(
                _named(scene),
                f"{replayed.numbers:,} numbers for a bound of {bound:,} ({ratio:.3f})"
                + _refused(replayed.refusals),
                "at most 1.02 times the bound",
                ratio <= 1.02 and not replayed.refusals,
            )
        )
    return rows


def codes_on_rows(measured: Measured) -> list[Row]:
    rows = []
    for scene, theory in measured.theory.items():
        replayed, bound = measured.codes_on(scene), theory.bounds.candidate
        rows.append(
            Row(
                _named(scene),
                f"{theory.ours:,} numbers for a bound of {bound:,}: "
                f"{replayed.refusals:,} of {replayed.claims:,} refused",
                "1.05 times the bound, no refusal",
                not replayed.refusals,
            )
        )
        rows.append(
            Row(
                "… ratio to Twilio Proxy's rule",
                f"{theory.ours / theory.bounds.proxy:.2f}",
                _RATIO_TO_PROXY.get(scene.shape.name, ""),
            )
        )
    return rows


def code_rows(measured: Measured) -> list[Row]:
    """Whether the codes asked for are those that our own books ask for."""
    replays = measured.replays.values()
    wrong = sum(replayed.misjudged for replayed in replays)
    dials = sum(replayed.dials for replayed in replays)
    return [Row(f"answers that differ, of {dials:,} dials counted", f"{wrong:,}", "0", not wrong)]


Rule = tuple[str, Callable[[Measured, Scene, Theory], int]]
RULES: tuple[Rule, ...] = (
    ("one number per pair", lambda _m, _s, theory: theory.bounds.pairs),
    ("whole-number cooldown (Plivo)", lambda _m, _s, theory: theory.whole_number),
    ("Twilio Proxy's rule", lambda _m, _s, theory: theory.bounds.proxy),
    ("random free number", lambda _m, _s, theory: theory.random_choice),
    ("Relay, access codes off", lambda m, scene, _t: m.codes_off(scene).numbers),
    ("(König bound)", lambda _m, _s, theory: theory.bounds.koenig),
    ("Relay, access codes on", lambda _m, _s, theory: theory.ours),
    ("(busiest candidate's bound)", lambda _m, _s, theory: theory.bounds.candidate),
)


def rules_table(measured: Measured) -> str:
    scenes = measured.theory.items()
    header = ["", *(f"{scene.shape.name}, {scene.cooldown.name}" for scene, _ in scenes)]
    rows = [
        [name, *(f"{numbers(measured, scene, theory):,}" for scene, theory in scenes)]
        for name, numbers in RULES
    ]
    rows.append(["open pairs at most", *(f"{t.bounds.open_pairs:,}" for _, t in scenes)])
    return _matrix(header, rows)


def curve_table(measured: Measured) -> str:
    rows = [
        [
            _named(scene),
            *(f"{numbers:,}: {r.code_share:.1%}" for numbers, r in measured.curve(scene)),
        ]
        for scene in measured.curves
    ]
    longest = max(len(row) for row in rows)
    rows = [row + [""] * (longest - len(row)) for row in rows]
    return _matrix(["", *([""] * (longest - 1))], rows)


def curve_plot(measured: Measured) -> str:
    shapes = _shapes(measured)
    return curves(
        "Recruiters' dials that need an access code",
        "virtual numbers in the pool",
        "share of dials",
        [
            Curve(
                f"{scene.shape.name}, cooldown {scene.cooldown.name}",
                shapes.index(scene.shape),
                [(numbers, replayed.code_share) for numbers, replayed in measured.curve(scene)],
                dashed=scene.cooldown == CURVE_COOLDOWNS[0],
            )
            for scene in measured.curves
        ],
    )


def rules_plot(measured: Measured) -> str:
    cooldown = COOLDOWNS[-1]
    scenes = [scene for scene in measured.theory if scene.cooldown == cooldown]
    return lanes(
        f"Numbers needed, cooldown {cooldown.name} days (candidate/recruiter)",
        "virtual numbers",
        [f"trace {shape.name}" for shape in _shapes(measured)],
        [
            Lane(name, [numbers(measured, scene, measured.theory[scene]) for scene in scenes])
            for name, numbers in RULES
        ],
    )


def _shapes(measured: Measured) -> list[Shape]:
    return list(dict.fromkeys(scene.shape for scene in measured.theory))


def _named(scene: Scene) -> str:
    return f"{scene.shape.name}, cooldown {scene.cooldown.name}"


def _refused(refusals: int) -> str:
    return f", {refusals:,} refused" if refusals else ""


def _matrix(header: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    lines = [header, ["---"] + ["---:"] * (len(header) - 1), *rows]
    return "".join("| " + " | ".join(line) + " |\n" for line in lines)
