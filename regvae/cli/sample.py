"""`regvae sample`: run a policy, from options or from a file, and print its report."""

import functools
import inspect
from collections.abc import Callable
from concurrent.futures import Executor
from dataclasses import asdict
from pathlib import Path
from typing import Annotated, Any, NoReturn

import typer

from regvae.audit import leaks
from regvae.cli.arguments import (
    A_BUNDLE,
    DaskOption,
    JsonOption,
    SeedOption,
    WorkersOption,
    codes_given,
    executor_of,
    polygon_of,
    text_of,
)
from regvae.cli.outcome import print_outcome
from regvae.cli.output import (
    UsageError,
    console,
    notes,
    print_error,
    print_json,
    write_atomically,
)
from regvae.cli.results import MARK, Destination, progress
from regvae.formats import Format
from regvae.intervals import CONFIDENCE
from regvae.model import bundle as bundles
from regvae.model.bundle import Bundle
from regvae.rejection import policy as policies
from regvae.rejection import proposals, sampling
from regvae.rejection.guarantee import PURITY, check_target, guaranteed
from regvae.rejection.measures import Measurer
from regvae.rejection.policy import DECODINGS, LIKELIEST, Policy
from regvae.rejection.proposals import FEW_DIMENSIONS, PROPOSALS, Around, Box, Proposal, Region
from regvae.rejection.report import Report, warning
from regvae.rejection.rules import RULES, Certified, Parameter, Rule, rule_named
from regvae.rejection.unwanted import Unwanted

_ALLOWED_WITH_POLICY = {
    *("policy", "save_policy", "hunt", "as_json", "out", "details", "attribute", "workers", "dask"),
    "unwanted_file",  # a released policy does not hold its list
}

_Bundle = Annotated[str | None, typer.Argument(help=A_BUNDLE)]
_Predicates = Annotated[
    list[str] | None,
    typer.Option(help="such as 'number < 50 or area == london'; repeat for 'and'"),
]
_Wanted = Annotated[
    list[str] | None,
    typer.Option(help="all others are unwanted: such as 'number >= 50'; repeat for 'and'"),
]
_File = Annotated[Path | None, typer.Option(help="also unwanted: codes in a text file, one a line")]
_Regions = Annotated[
    list[str] | None, typer.Option(help='also unwanted: records in the region "x,y x,y x,y ..."')
]
_Training = Annotated[
    bool, typer.Option("--unwanted-training", help="also unwanted: all training codes")
]
_Rule = Annotated[str, typer.Option(help=f"one of {', '.join(RULES)}")]
_Proposal = Annotated[
    str | None,
    typer.Option(
        help=f"one of {', '.join(PROPOSALS)} [box; above {FEW_DIMENSIONS} dimensions around, or "
        "prior of a private model and of a release]"
    ),
]
_Box = Annotated[float | None, typer.Option(help="half-width of the box of proposals [3]")]
_Scale = Annotated[
    float | None, typer.Option(help="of the records' sigmas to propose around them [calibrated]")
]
_Region = Annotated[str | None, typer.Option(help='"x,y x,y x,y ..." to propose from')]
_N = Annotated[int | None, typer.Option(help="most proposals [1000; 1000 x until]")]
_Until = Annotated[int | None, typer.Option(help="stop at this number of results: different codes")]
_Decode = Annotated[str, typer.Option(help=f"accepted points to codes: {' or '.join(DECODINGS)}")]
_Repeats = Annotated[
    bool, typer.Option("--repeats", help="results are all accepted points, not different codes")
]
_Clean = Annotated[
    bool, typer.Option("--clean", help="leave leaks out: unwanted codes and records")
]
_Neighbourhoods = Annotated[
    bool,
    typer.Option(
        "--neighbourhoods",
        help="leave out codes that differ from a record at one position too, so that a missing "
        "code names no record",
    ),
]
_Purity = Annotated[
    float | None,
    typer.Option(
        help=f"choose the rule's numbers so that this purity is shown [learned: {PURITY}]"
    ),
]
_Confidence = Annotated[
    float | None, typer.Option(help=f"of the guarantee of --purity [{CONFIDENCE}]")
]
_PolicyFile = Annotated[
    Path | None, typer.Option(help="run this policy file, which sets all other options")
]
_SavePolicy = Annotated[Path | None, typer.Option(help="write the options as a policy file")]
_Out = Annotated[
    str | None,
    typer.Option(
        help="also write a .csv or .parquet file, or, with / at the end, a folder of parts that "
        "the same command continues after an interruption; a URL such as s3://bucket/codes/ too"
    ),
]
_Details = Annotated[
    Path | None,
    typer.Option(
        help=f"also write points, distances and which codes are records; {MARK} is in its name"
    ),
]
_Attributes = Annotated[
    list[str] | None, typer.Option(help="also write this attribute of each code; repeat for more")
]
_Hunt = Annotated[bool, typer.Option("--hunt", help="search for leaks among accepted points")]


def with_rule_options(command: Callable[..., None]) -> Callable[..., None]:
    """Give a command an option for each parameter of every rule, after its option `rule`.

    The command gets those that were given as `values`, by name.
    """
    signature = inspect.signature(command, eval_str=True)
    helps: dict[str, list[str]] = {}  # rules may share the name of a parameter
    for kind in RULES.values():
        for one in kind.parameters():
            helps.setdefault(one.name, []).append(_option_help(kind.name, one))
    options = [
        inspect.Parameter(
            name,
            inspect.Parameter.KEYWORD_ONLY,
            default=None,
            annotation=Annotated[float | None, typer.Option(help="; ".join(texts))],
        )
        for name, texts in helps.items()
    ]

    @functools.wraps(command)
    def with_options(**arguments: Any) -> None:
        given = {name: arguments.pop(name) for name in helps}
        values = {name: value for name, value in given.items() if value is not None}
        command(**arguments, values=values)

    own = [one for one in signature.parameters.values() if one.name != "values"]
    place = [one.name for one in own].index("rule") + 1
    parameters = [*own[:place], *options, *own[place:]]
    parameters = [one.replace(kind=inspect.Parameter.KEYWORD_ONLY) for one in parameters]
    with_options.__signature__ = signature.replace(parameters=parameters)  # type: ignore[attr-defined]
    with_options.__annotations__ = {one.name: one.annotation for one in parameters}
    return with_options


def _option_help(rule: str, one: Parameter) -> str:
    words = f"{one.help[0].lower()}{one.help[1:].rstrip('.')}"
    return f"{rule}: {words} [{one.default:g}]"


@with_rule_options
def sample(
    context: typer.Context,
    bundle: _Bundle = None,
    wanted: _Wanted = None,
    unwanted: _Predicates = None,
    unwanted_file: _File = None,
    unwanted_region: _Regions = None,
    unwanted_training: _Training = False,
    rule: _Rule = Certified.name,
    proposal: _Proposal = None,
    box: _Box = None,
    scale: _Scale = None,
    region: _Region = None,
    n: _N = None,
    until: _Until = None,
    clean: _Clean = False,
    neighbourhoods: _Neighbourhoods = False,
    decode: _Decode = LIKELIEST,
    repeats: _Repeats = False,
    purity: _Purity = None,
    confidence: _Confidence = None,
    seed: SeedOption = 0,
    policy: _PolicyFile = None,
    save_policy: _SavePolicy = None,
    hunt: _Hunt = False,
    as_json: JsonOption = False,
    out: _Out = None,
    details: _Details = None,
    attribute: _Attributes = None,
    workers: WorkersOption = None,
    dask: DaskOption = None,
    *,
    values: dict[str, float],
) -> None:
    """Propose latent points, accept them by a rule, decode, audit, and report."""
    required = None
    if policy:
        chosen = _saved_policy(context, policy, unwanted_file)
        loaded = bundles.load(chosen.bundle)
    else:
        name = bundle or _no_bundle()
        loaded = bundles.load(name)
        chosen = Policy(
            bundle=name,
            unwanted=_unwanted(
                wanted, unwanted, unwanted_file, unwanted_region, unwanted_training, loaded.format
            ),
            rule=rule_named(rule, values),
            proposal=_proposal(
                proposal or proposals.usual(loaded).name, box=box, scale=scale, region=region
            ),
            proposals=_proposals(n, until),
            results=until,
            clean=clean,
            neighbourhoods=neighbourhoods,
            decode=decode,
            repeats=repeats,
            seed=seed,
        )
        required = _required(chosen.rule, purity, confidence, values)
    to = Destination.of(out, details, attribute or [], loaded.format)
    to.check(save_policy, policy, unwanted_file)
    with executor_of(workers, dask) as executor:
        measurer = sampling.make_measurer(loaded, chosen)
        if required:
            chosen = guaranteed(loaded, chosen, *required, measurer=measurer)
        chosen = chosen.signed()
        to.check_folder(loaded, chosen, measurer)
        if save_policy:  # after what raises for a policy that cannot be run
            write_atomically(save_policy, lambda sink: sink.write(chosen.to_toml().encode()))
        _run_policy(loaded, chosen, measurer, to, executor, hunt=hunt, as_json=as_json)


def _no_bundle() -> NoReturn:
    raise UsageError(
        "expected a bundle such as notebook-2d, or --policy FILE, got neither; give one of them"
    )


def _saved_policy(context: typer.Context, path: Path, listed: Path | None) -> Policy:
    """The policy of a file; `listed` has the unwanted codes of a released one.

    Raises `UsageError` for options that the policy sets.
    """
    for name in context.params.keys() - _ALLOWED_WITH_POLICY:
        source = context.get_parameter_source(name)
        if source is not None and source.name == "COMMANDLINE":
            raise UsageError(
                f"expected --policy without {name.replace('_', '-')}, which the policy sets, got "
                "both; change the policy file instead"
            )
    codes = [one.strip() for one in text_of(listed).splitlines() if one.strip()] if listed else []
    saved = Policy.from_toml(text_of(path), str(path), codes)
    saved.check_bundle()
    saved.check_guarantee()
    return saved


def _unwanted(
    wanted: list[str] | None,
    texts: list[str] | None,
    file: Path | None,
    regions: list[str] | None,
    training: bool,
    format: Format,
) -> Unwanted:
    return Unwanted.of(
        texts or [],
        wanted=wanted or [],
        regions=[polygon_of(text) for text in regions or []],
        listed=codes_given([], file, format) if file else [],
        training=training,
        format=format,
    )


def _required(
    rule: Rule, purity: float | None, confidence: float | None, values: dict[str, float]
) -> tuple[float, float] | None:
    """Purity and confidence of the guarantee that is required, None if none is."""
    by_rule = purity is None and rule.needs_learning
    if purity is None and not by_rule:
        if confidence is not None:
            raise UsageError("expected --confidence with --purity, got it alone; add --purity")
        return None
    if values:
        required = f"--rule {rule.name}" if by_rule else "--purity"
        raise UsageError(
            f"expected {required} without {', '.join(values)}, which its guarantee chooses, got "
            "both; leave one out"
        )
    target = (
        PURITY if purity is None else purity,
        CONFIDENCE if confidence is None else confidence,
    )
    check_target(rule, *target)  # before anything is measured or learned
    return target


def _proposals(n: int | None, until: int | None) -> int:
    """The number of proposals: as given, else in proportion to the number of results."""
    if n is not None:
        return n
    return min(policies.PROPOSALS_A_RESULT * max(1, until or 1), policies.MAX_PROPOSALS)


def _proposal(name: str, *, box: float | None, scale: float | None, region: str | None) -> Proposal:
    for option, value, kind in (
        ("box", box, Box.name),
        ("scale", scale, Around.name),
        ("region", region, Region.name),
    ):
        if value is not None and name != kind:
            raise UsageError(
                f"expected --{option} with --proposal {kind}, got it with {name[:40]}; leave it out"
            )
    if name == Region.name and region is None:
        raise UsageError(
            'expected --region "x,y x,y x,y ..." with --proposal region, got none; add it'
        )
    numbers: dict[str, Any] = {}
    if box is not None:
        numbers["half_width"] = box
    if scale is not None:
        numbers["scale"] = scale
    if region is not None:
        numbers["polygon"] = polygon_of(region)
    return proposals.proposal(name, numbers)


def _run_policy(
    bundle: Bundle,
    policy: Policy,
    measurer: Measurer,
    to: Destination,
    executor: Executor | None,
    *,
    hunt: bool,
    as_json: bool,
) -> None:
    """Run a policy, write its files, print its report; exit status 1 if results are missing."""
    with progress(policy) as show:
        outcome = to.write(bundle, policy, measurer, executor, show)
    to.write_manifests(outcome, None)  # right after their files, before anything can fail
    found = leaks.hunt(bundle, policy, measurer) if hunt else None
    if found:
        to.write_manifests(outcome, found)
    if as_json:
        manifest = outcome.manifest(to.names(outcome))
        del manifest["report"]
        if found:
            manifest["hunt"] = found.summary()
        print_json(_flat(outcome.report) | manifest)
    else:
        print_outcome(outcome, found)
    # After JSON the note goes to standard error, so that another program can read the JSON.
    tell = notes if as_json else console
    for sentence in to.sentences(outcome):
        tell.print(sentence)
    warned = warning(outcome.report)
    if warned:
        notes.print(f"warning: {warned}")
    missing = outcome.shortfall
    if outcome.guarantee and outcome.policy.abstains:
        missing = outcome.guarantee["sentence"]
    if missing:
        print_error(missing)
        raise typer.Exit(1)


def _flat(report: Report) -> dict[str, Any]:
    """A report as one table, with the rule's parameters among the other figures."""
    table = asdict(report)
    return {"rule": table.pop("rule"), **table.pop("parameters"), **table}
