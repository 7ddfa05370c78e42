"""The command line: medenvs list | card | play | bench | check | judge | data."""

from __future__ import annotations

import argparse
import ast
import json
import os
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from medenvs import __version__
from medenvs.adapters import data_command
from medenvs.core.errors import BadValue, MedenvsError, unknown
from medenvs.policies.printable import one_line, printable

_LONGEST_VALUE = 2000


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command; returns 0, 1 (a check failed), 2 (asked for something that does not exist) or 130 (interrupted)."""
    given = list(sys.argv[1:] if argv is None else argv)
    try:
        return _run(given)
    except MedenvsError as error:
        print(f"medenvs: {printable(error, 2000)}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        print("\nmedenvs: stopped.", file=sys.stderr)
        return 130
    except BrokenPipeError:  # `medenvs list | head`: nobody reads on
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1


def _run(given: list[str]) -> int:
    if given and not given[0].startswith("-") and given[0] not in COMMANDS:
        raise unknown("command", given[0], COMMANDS)
    args = _parser().parse_args(given)
    return COMMANDS[args.command](args)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="medenvs", description="Medical reinforcement-learning environments: simulated, not for clinical use."
    )
    parser.add_argument("--version", action="version", version=f"medenvs {__version__}")
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")

    def command(name: str, about: str) -> argparse.ArgumentParser:
        one = commands.add_parser(name, help=about, description=about)
        one.add_argument("--json", action="store_true", help="print JSON on standard output and nothing else there")
        return one

    command("list", "environments, suites and embedded agents")
    command("card", "what an environment is").add_argument("id")
    play = command("play", "play an environment yourself")
    play.add_argument("id")
    play.add_argument("--seed", type=int, help="which stream of cases; the same seed shows the same cases")
    play.add_argument("--case", type=int, help="one case by its number")
    play.add_argument("--split", default="train", help="train, validation or test")
    play.add_argument("--mode", default="text", help="text or numeric")
    play.add_argument("--persona", help="how a simulated patient answers, e.g. truthful or anxious")
    play.add_argument("--budget", type=int, help="how many messages there are")
    play.add_argument("--option", action="append", default=[], metavar="NAME=VALUE", help="an argument of it, e.g. difficulty=3")
    bench = command("bench", "play a suite with the embedded agents and yours, and rank them")
    bench.add_argument("suite", help="quick, medcalc, consultation, sepsis, or an environment id")
    bench.add_argument(
        "--agent", action="append", default=[], metavar="SPEC", help="file.py:Class, module:Class (its file is run), or a doctor"
    )
    bench.add_argument("--episodes", type=int, help="for each agent, task and seed; sepsis: patients of each log")
    bench.add_argument("--logs", type=int, help="sepsis: how many logged data sets")
    bench.add_argument("--seed", type=int, action="append", metavar="S", help="may be given several times (default 0)")
    bench.add_argument(
        "--out", type=Path, metavar="DIR", help="where episodes and results go (default medenvs-results/SUITE); run again to go on"
    )
    bench.add_argument("--debug", action="store_true", help="stop at an agent's first error and show it")
    command("check", "run the conformance checks on an environment").add_argument("target", metavar="ID|file.py:Env")
    _add_judge(command("judge", "measure a judge: agreement with people, position, verbosity, hedging and injection probes"))
    data_command.add_to(command("data", data_command.ABOUT))
    return parser


def _add_judge(judge: argparse.ArgumentParser) -> None:
    judge.add_argument("action", metavar="check")
    judge.add_argument("--endpoint", metavar="URL", help="an OpenAI-compatible server, e.g. http://localhost:8000/v1")
    judge.add_argument("--model", help="the model's name there")
    judge.add_argument("--key-env", metavar="NAME", help="the environment variable that holds the key")
    judge.add_argument("--cache", type=Path, metavar="FILE", help="keep replies there; what was asked once is not asked again")
    judge.add_argument("--scripted", action="store_true", help="a judge that compares words, without any model")


def _list(args: argparse.Namespace) -> int:
    from medenvs.evaluation.agents import EMBEDDED
    from medenvs.evaluation.doctors import DOCTORS
    from medenvs.evaluation.suites import SUITES
    from medenvs.systems.catalog import CATALOG, MULTI

    if args.json:
        one, many = (
            [{"id": r.id, "family": r.family, "summary": r.summary, "optimum": r.optimum} for r in rows] for rows in (CATALOG, MULTI)
        )
        suites = {s.name: s.about for s in SUITES.values()}
        return _print_json({"environments": one, "multi": many, "suites": suites, "agents": list(EMBEDDED), "doctors": list(DOCTORS)})
    width = max(len(r.id) for r in (*CATALOG, *MULTI)) + 2
    for r in CATALOG:
        print(f"{r.id:<{width}}{r.summary}")
    print("\nwith several agents, after `import medenvs.multi`:")
    for r in MULTI:
        print(f"{r.id:<{width}}{r.summary}")
    print("\nsuites: " + "; ".join(f"{s.name} ({s.about})" for s in SUITES.values()))
    print("agents: " + ", ".join(EMBEDDED) + ", or your own file.py:Class")
    print("doctors of consultations: " + ", ".join(DOCTORS))
    return 0


def _card(args: argparse.Namespace) -> int:
    from medenvs.evaluation.card import card

    found = card(args.id)
    if args.json:
        return _print_json({"id": found.id, "summary": found.summary, "sections": dict(found.sections)})
    print(f"{found.id}\n{found.summary}")
    for name, body in found.sections:
        print(f"\n{name}\n{'-' * len(name)}\n{body}")
    return 0


def _play(args: argparse.Namespace) -> int:
    from medenvs.evaluation.sitting import Sitting

    options = dict(_option(text) for text in args.option)
    sitting = Sitting(args.id, args.mode, args.split, options, quiet=args.json)
    knobs = {name: value for name in ("persona", "budget") if (value := getattr(args, name)) is not None}
    result = sitting.play(args.seed, args.case, knobs)
    if args.json:
        return _print_json(result)
    return 0


def _option(text: str) -> tuple[str, Any]:
    """Return (name, value) of NAME=VALUE; the value is a Python literal, or the text itself."""
    name, equals, value = text.partition("=")
    if not equals or not name.isidentifier() or len(value) > _LONGEST_VALUE:
        raise BadValue(f"--option {one_line(text, 60)!r} is not NAME=VALUE (a value has at most {_LONGEST_VALUE} characters).")
    try:
        return name, ast.literal_eval(value)
    except (ValueError, SyntaxError, MemoryError, RecursionError):
        return name, value


def _bench(args: argparse.Namespace) -> int:
    from medenvs.evaluation.agents import contenders
    from medenvs.evaluation.progress import Progress
    from medenvs.evaluation.report import document, markdown, tables, write
    from medenvs.evaluation.runner import Run, run
    from medenvs.evaluation.suites import SEPSIS, suite

    chosen = suite(args.suite)
    out: Path = args.out or Path("medenvs-results", chosen.name)
    if chosen.name == SEPSIS:
        return _sepsis(args, out)
    if args.logs is not None:
        raise BadValue(f"--logs is for the suite {SEPSIS}; {chosen.name} has none.")
    settings = Run(chosen, contenders(args.agent, chosen.agents), out, tuple(args.seed or (0,)), args.episodes, args.debug)
    with Progress(quiet=args.json) as progress:
        try:
            played = run(settings, progress.tick)
        except KeyboardInterrupt:
            progress.close()
            print(
                f"\nmedenvs: stopped. {progress.done} of {progress.total} episodes are kept in {out}; the same command goes on from there.",
                file=sys.stderr,
            )
            return 130
    doc = document(settings, played)
    write(doc, out)
    if args.json:
        return _print_json(doc)
    if sys.stdout.isatty():
        from rich.console import Console

        console = Console()
        for table in tables(doc):
            console.print(table)
    else:
        print(markdown(doc))
    print(f"results: {out / 'results.json'}", file=sys.stderr)
    return 0


def _sepsis(args: argparse.Namespace, out: Path) -> int:
    from medenvs.evaluation.progress import Progress
    from medenvs.evaluation.report import drawn
    from medenvs.evaluation.sepsis.bench import planned, run
    from medenvs.evaluation.sepsis.plots import draw
    from medenvs.evaluation.sepsis.report import markdown, sections, write

    plan = planned(args.agent, args.seed or [0], args.episodes, args.logs)
    with Progress(quiet=args.json) as progress:
        try:
            doc = run(plan, out, progress.tick)
        except KeyboardInterrupt:
            progress.close()
            print(f"\nmedenvs: stopped. What was finished is kept in {out}; the same command goes on from there.", file=sys.stderr)
            return 130
    write(doc, out)
    plots = draw(doc, out)
    if args.json:
        return _print_json(doc)
    if sys.stdout.isatty():
        from rich.console import Console

        console = Console()
        for table in drawn(sections(doc)):
            console.print(table)
        console.print(doc["note"], markup=False)
    else:
        print(markdown(doc))
    print(f"results: {out / 'results.json'}; plots: {', '.join(p.name for p in plots)}", file=sys.stderr)
    return 0


def _check(args: argparse.Namespace) -> int:
    from medenvs.evaluation.conformance import check, target

    findings = check(target(args.target))
    failed = [f for f in findings if not f.passed]
    if args.json:
        _print_json([f._asdict() for f in findings])
    else:
        for f in findings:
            print(f"{'ok  ' if f.passed else 'FAIL'}  {f.check}" + (f": {one_line(f.detail, 400)}" if f.detail else ""))
        print(f"{len(findings) - len(failed)} of {len(findings)} checks passed.")
    return 1 if failed else 0


def _judge(args: argparse.Namespace) -> int:
    from medenvs.evaluation.judge_check import check

    if args.action != "check":
        raise unknown("judge command", args.action, ["check"])
    found = check(_judging(args))
    if args.json:
        _print_json(found.document())
    else:
        print(f"judge {one_line(found.marks['judge'])}, prompt {found.marks['prompt']}, agreement set {found.agreement}")
        for p in found.probes:
            print(f"{'ok  ' if p.passed else 'FAIL'}  {p.name:<11}{p.value:6.3f}  of {p.tries}: {p.about}")
    return 0 if found.passed else 1


def _judging(args: argparse.Namespace) -> Any:
    """Return the generator that the options name."""
    from medenvs.backends.answer_cache import Cached
    from medenvs.backends.endpoint import Endpoint
    from medenvs.backends.openai_chat import OpenAIChat
    from medenvs.backends.scripted import Scripted
    from medenvs.evaluation.judge_check import overlap

    if args.scripted == bool(args.endpoint) or bool(args.model) != bool(args.endpoint):
        raise BadValue("judge check needs either --scripted, or --endpoint URL and --model NAME.")
    if args.scripted:
        return Scripted(overlap, "overlap of words")
    chat = OpenAIChat(Endpoint(args.endpoint, args.model, args.key_env))
    return Cached(chat, args.cache) if args.cache else chat


def _data(args: argparse.Namespace) -> int:
    from medenvs.evaluation.progress import Progress

    with Progress(quiet=args.json) as progress:
        found = data_command.run(args, progress.tick)
    if args.json:
        return _print_json(found)
    print("\n".join(data_command.lines(found)))
    if "path" in found:
        print(f"written: {printable(found['path'])}", file=sys.stderr)
    return 0


def _print_json(value: Any) -> int:
    print(json.dumps(value, indent=1, ensure_ascii=True, allow_nan=False))
    return 0


COMMANDS = {"list": _list, "card": _card, "play": _play, "bench": _bench, "check": _check, "judge": _judge, "data": _data}

if __name__ == "__main__":
    sys.exit(main())
