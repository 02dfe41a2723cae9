"""What a sampling run depends on, as a small TOML file: the same policy writes the same bytes."""

import hashlib
import json
import math
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field, fields, replace
from pathlib import Path
from typing import Any, cast

import tomli_w

from regvae.formats import UK_REGISTRATION, Format, format_of
from regvae.formats.codes import sha256
from regvae.intervals import upper_bound
from regvae.model.bundle import Bundle
from regvae.model.store import manifest_hash, resolve
from regvae.rejection import proposals
from regvae.rejection.proposals import Box, Proposal
from regvae.rejection.rules import Certified, Rule, rule_named
from regvae.rejection.unwanted import Unwanted

SCHEMA = 4
"""Older schemas are refused: their random numbers and calibration were others, so that the same
policy would give other results without a word."""
MAX_PROPOSALS = 1_000_000_000
LIKELIEST, DRAWN = DECODINGS = ("likeliest", "drawn")
"""A point decodes to its most probable code, or to one drawn from the characters' probabilities."""
PROPOSALS_A_RESULT = 1_000
"""Proposals for each result, where only a number of results is given."""

_LONGEST_LINE = 20_000  # tomllib needs minutes for a longer dotted key


class PolicyError(ValueError):
    """A policy that cannot be read or run; the message tells what to change."""


@dataclass(frozen=True)
class Guarantee:
    """What tests have shown of the purity of a policy's rule, for the policy's proposals.

    With a probability of at least `confidence` over the tests' random points, the purity is at
    least `purity`, if `certified`. They were `proposals` fresh points of the seed `seed`, of which
    the rule accepts `accepted`, and `leaks` of these are unwanted; `sequences` of tests shared the
    error. Without `certified` nothing was shown, and the policy accepts nothing. `of` is a hash of
    what it is about (`Policy.guarantee_hash`).
    """

    purity: float
    confidence: float
    certified: bool
    accepted: int
    leaks: int
    proposals: int
    sequences: int
    seed: int
    of: str = ""

    def __post_init__(self) -> None:
        shares = all(0 < one < 1 for one in (self.purity, self.confidence))
        if not shares or not 0 <= self.leaks <= self.accepted <= self.proposals:
            raise PolicyError(
                "expected a guarantee with purity and confidence between 0 and 1, and no more "
                f"leaks than accepted points and no more of these than proposals, got "
                f"{asdict(self)}; require the purity anew"
            )

    @property
    def bound(self) -> float:
        """Lower bound of the purity at the tests' confidence, after Clopper and Pearson."""
        error = (1 - self.confidence) / max(1, self.sequences)
        return 1 - upper_bound(self.leaks, self.accepted, 1 - error)

    @property
    def missing(self) -> int:
        """Accepted points without a leak that were missing for a test to pass at all."""
        error = (1 - self.confidence) / max(1, self.sequences)
        return max(0, math.ceil(math.log(error) / math.log(self.purity)) - self.accepted)

    def sentence(self, proposals: str) -> str:
        """The guarantee in words; `proposals` names what the points are proposed from."""
        found = (
            f"{self.leaks:,} unwanted among {self.accepted:,} accepted of {self.proposals:,} tested"
        )
        target = (
            f"purity at least {self.purity:g} at {self.confidence:.0%} confidence, for points "
            f"proposed from {proposals}"
        )
        if self.certified:
            return f"{target}: {found}"
        more = f"; {self.missing:,} more accepted ones are needed" if self.missing else ""
        return (
            f"expected numbers of this rule with {target}, got none that tests show ({found} by "
            f"its strictest{more}), so nothing is accepted; lower the purity, or use the rule "
            "certified"
        )


@dataclass(frozen=True)
class Policy:
    """Everything that a sampling run depends on.

    `bundle` is the name or path of a bundle. `bundle_sha256` is the hash of its manifest, which
    contains the hashes of all its other files; empty for any bundle of that name. At most
    `proposals` points are proposed (1 to 1e9); with `results`, only until there are that many.
    Accepted points are decoded as `decode` says, one of `DECODINGS`. The results are the first
    accepted point of each different code; with `repeats`, all accepted points. With `clean`, they
    leave out points that leak (decode to an unwanted code or to a record); with `neighbourhoods`,
    points whose code differs from a record at one position only (`Format.neighbourhoods`), so that
    a code that is missing is one of many that may be a record. `seed` is 0 to 2^63 - 1.
    `guarantee` is what was shown of the rule's purity, if a purity was required (`guaranteed`).
    Raises `PolicyError` for a part of another type and a value out of range.
    """

    bundle: str
    unwanted: Unwanted
    rule: Rule = field(default_factory=Certified)
    proposal: Proposal = field(default_factory=Box)
    proposals: int = 1000
    results: int | None = None
    clean: bool = False
    neighbourhoods: bool = False
    decode: str = LIKELIEST
    repeats: bool = False
    seed: int = 0
    bundle_sha256: str = ""
    guarantee: Guarantee | None = None

    def __post_init__(self) -> None:
        kinds: dict[str, Any] = {
            "bundle": str,
            "unwanted": Unwanted,
            "rule": Rule,
            "proposal": Proposal,
            "clean": bool,
            "neighbourhoods": bool,
            "decode": str,
            "repeats": bool,
            "bundle_sha256": str,
        }
        for name, kind in kinds.items():
            if not isinstance(getattr(self, name), kind):
                expected = getattr(kind, "__name__", name)
                found = type(getattr(self, name)).__name__
                raise PolicyError(
                    f"expected a policy's {name} as {expected}, got {found}; change it"
                )
        if self.decode not in DECODINGS:
            raise PolicyError(
                f"expected decode as {' or '.join(DECODINGS)}, got {self.decode[:40]!r}; choose "
                "one of them"
            )
        _check_integer("number of proposals", self.proposals, 1, MAX_PROPOSALS)
        if self.results is not None:
            _check_integer("number of results", self.results, 1, MAX_PROPOSALS)
        _check_integer("seed", self.seed, 0, 2**63 - 1)

    @property
    def abstains(self) -> bool:
        """Whether nothing is accepted, as the guarantee that was asked for could not be given."""
        return self.guarantee is not None and not self.guarantee.certified

    def guarantee_hash(self) -> str:
        """A sha256 of the guarantee and of what it is about: rule, unwanted codes, proposals,
        decoding and bundle."""
        table = self.to_dict()
        names = ("bundle", "bundle_sha256", "unwanted", "proposal", "decode")
        about = {name: table[name] for name in names}
        numbers = {**table.get("guarantee", {}), "of": ""}
        text = json.dumps([about, table["rule"], numbers], sort_keys=True)
        return hashlib.sha256(text.encode()).hexdigest()

    def check_guarantee(self) -> None:
        """Raises `PolicyError` if the rule learns and there is no guarantee of what it learned, or
        if there is one that is about something else."""
        found = self.guarantee
        if self.rule.needs_learning and (found is None or found.seed != self.seed):
            got = f"one of the seed {found.seed}" if found else "none"
            raise PolicyError(
                f"expected a guarantee of purity for the seed {self.seed} with the rule "
                f"{self.rule.name}, which may have learned what is wrong, got {got}; require a "
                "purity, with --purity or regvae.rejection.guarantee.guaranteed"
            )
        if found and found.of != self.guarantee_hash():
            raise PolicyError(
                "expected a guarantee of this policy, got one of another rule, unwanted codes, "
                "proposals, decoding or bundle, or with other numbers; require the purity anew, "
                "with --purity or regvae.rejection.guarantee.guaranteed"
            )

    def signed(self) -> "Policy":
        """The same policy with the hash of its bundle as it is on disk now.

        Raises `BundleError` if there is no such bundle.
        """
        return replace(self, bundle_sha256=manifest_hash(resolve(self.bundle)))

    def check_bundle(self) -> None:
        """Raises `PolicyError` if the policy's hash is not that of its bundle on disk, and
        `BundleError` if there is no such bundle."""
        self._check_hash(self.bundle, manifest_hash(resolve(self.bundle)))

    def check(self, bundle: Bundle) -> None:
        """Raises `PolicyError` unless a loaded bundle is the policy's: by hash, else by name; and
        its codes are those that the policy is about."""
        if bundle.format != self.unwanted.format:
            raise PolicyError(
                f"expected a bundle of {self.unwanted.format.plural} "
                f"({self.unwanted.format.name}), got {bundle.name!r} of {bundle.format.plural} "
                f"({bundle.format.name}); give the policy's unwanted in that format"
            )
        if self.bundle_sha256 and bundle.sha256:
            self._check_hash(bundle.name, bundle.sha256)
            return
        expected = Path(self.bundle).resolve().name
        if bundle.name != expected:
            raise PolicyError(
                f"expected the policy's bundle {expected!r}, got {bundle.name!r}; use that bundle, "
                "or change the policy"
            )

    def _check_hash(self, name: str, sha256: str) -> None:
        if self.bundle_sha256 and self.bundle_sha256 != sha256:
            raise PolicyError(
                f"expected the policy's bundle {self.bundle!r} with sha256 "
                f"{self.bundle_sha256[:12]}…, got {name!r} with {sha256[:12]}…; use that bundle, "
                "or remove bundle_sha256 from the policy"
            )

    def to_dict(self, *, released: bool = False) -> dict[str, Any]:
        """The policy as tables, lists, numbers and texts: the content of its file.

        A `released` one has no unwanted code, which may be a real one: only the number of those
        that are listed, and their sha256.
        """
        stop = {"proposals": self.proposals}
        if self.results is not None:
            stop["results"] = self.results
        format = self.unwanted.format
        return {
            "schema": SCHEMA,
            **({} if format == UK_REGISTRATION else {"format": format.to_dict()}),
            "bundle": self.bundle,
            "bundle_sha256": self.bundle_sha256,
            "seed": self.seed,
            "clean": self.clean,
            **({"neighbourhoods": True} if self.neighbourhoods else {}),
            "decode": self.decode,
            "repeats": self.repeats,
            "unwanted": {
                "predicates": [str(one) for one in self.unwanted.predicates],
                "regions": [[list(corner) for corner in r] for r in self.unwanted.regions],
                **_listed(self.unwanted.codes, released),
                "training": self.unwanted.training,
            },
            "rule": {"name": self.rule.name, **self.rule.values()},
            "proposal": {"name": self.proposal.name, **_given(asdict(self.proposal))},
            "stop": stop,
            **({"guarantee": asdict(self.guarantee)} if self.guarantee else {}),
        }

    def to_toml(self, *, released: bool = False) -> str:
        """The policy as a TOML text, with the unwanted codes unless it is `released`."""
        return tomli_w.dumps(self.to_dict(released=released))

    @classmethod
    def from_toml(
        cls, text: str, where: str = "the policy", listed: Sequence[str] = ()
    ) -> "Policy":
        """Read a policy; the inverse of `to_toml`.

        `listed` are the unwanted codes of a released one, in the same order. Keys that are missing
        have their defaults; only `schema`, `bundle` and `[unwanted]` are needed. Raises
        `PolicyError`, beginning with `where`, for a text that is not TOML, a key that is needed,
        unknown or of another type, and a value that cannot be used.
        """
        if max(map(len, text.splitlines()), default=0) > _LONGEST_LINE:
            raise PolicyError(
                f"{where}: expected lines of at most {_LONGEST_LINE:,} characters, got longer "
                "ones; break them"
            )
        try:
            table = tomllib.loads(text)
        except (ValueError, RecursionError) as error:
            raise PolicyError(f"{where}: expected TOML, got {error}; correct it") from error
        return cls.from_dict(table, where, listed)

    @classmethod
    def from_dict(
        cls, table: Mapping[str, Any], where: str = "the policy", listed: Sequence[str] = ()
    ) -> "Policy":
        """A policy from tables, lists, numbers and texts, as a manifest has it: the inverse of
        `to_dict`. Raises as `from_toml`."""
        schema = table.get("schema")
        if type(schema) is not int or schema != SCHEMA:
            raise PolicyError(
                f"{where}: expected schema = {SCHEMA}, got {schema!r}; save the policy again with "
                "`regvae sample --save-policy` (another version may propose other points)"
            )
        try:
            return cls._from_tables(dict(table), listed)
        except ValueError as error:
            raise PolicyError(f"{where}: {error}") from error

    @classmethod
    def _from_tables(cls, table: dict[str, Any], listed: Sequence[str]) -> "Policy":
        format = format_of(table.pop("format", UK_REGISTRATION.name))
        known = {"schema": int, "bundle": str, "bundle_sha256": str, "seed": int}
        known |= {"clean": bool, "neighbourhoods": bool, "decode": str, "repeats": bool}
        tables = dict.fromkeys(("unwanted", "rule", "proposal", "stop", "guarantee"), dict)
        _check(table, known | tables, needed=("bundle", "unwanted"))
        unwanted = table["unwanted"]
        parts = {"predicates": list, "regions": list, "regs": list, "training": bool}
        parts |= {"regs_count": int, "regs_sha256": str}
        _check(unwanted, parts, "[unwanted]: ")
        stop = table.get("stop", {})
        _check(stop, {"proposals": int, "results": int}, "[stop]: ")
        rule, proposal = dict(table.get("rule", {})), dict(table.get("proposal", {}))
        return cls(
            bundle=table["bundle"],
            unwanted=Unwanted.of(
                _texts(unwanted.get("predicates", []), "predicates"),
                regions=unwanted.get("regions", []),
                listed=_given_codes(unwanted, listed, format),
                training=unwanted.get("training", False),
                format=format,
            ),
            rule=rule_named(rule.pop("name", Certified.name), rule),
            proposal=proposals.proposal(proposal.pop("name", Box.name), proposal),
            proposals=stop.get("proposals", cls.proposals),
            results=stop.get("results"),
            clean=table.get("clean", False),
            neighbourhoods=table.get("neighbourhoods", False),
            decode=table.get("decode", LIKELIEST),
            repeats=table.get("repeats", False),
            seed=table.get("seed", 0),
            bundle_sha256=table.get("bundle_sha256", ""),
            guarantee=_guarantee(table.get("guarantee")),
        )


def _listed(codes: Sequence[str], released: bool) -> dict[str, Any]:
    """The listed codes; of a released policy their number and their sha256."""
    if released and codes:
        return {"regs_count": len(codes), "regs_sha256": sha256(codes)}
    return {"regs": list(codes)}


def _given_codes(
    unwanted: Mapping[str, Any], listed: Sequence[str], format: Format
) -> Sequence[str]:
    """The listed codes of a policy, or of a released one those that are given beside it."""
    if "regs_sha256" not in unwanted:
        if listed:
            raise PolicyError(
                f"expected no list of unwanted {format.plural} beside this policy, which has its "
                "own, got one; leave it out"
            )
        return _texts(unwanted.get("regs", []), "regs")
    count, expected = unwanted.get("regs_count", 0), unwanted["regs_sha256"]
    codes = tuple(dict.fromkeys(format.parse_all(listed)))
    if sha256(codes) != expected:
        got = f"{len(codes):,} others" if codes else "none"
        raise PolicyError(
            f"[unwanted]: expected the list of {count:,} {format.plural} with sha256 "
            f"{expected[:12]}…, which a released policy does not hold, got {got}; give that list "
            "in the same order, with --unwanted-file"
        )
    return codes


def _guarantee(table: dict[str, Any] | None) -> Guarantee | None:
    if table is None:
        return None
    kinds = {one.name: cast(type, one.type) for one in fields(Guarantee)}
    _check(table, kinds, "[guarantee]: ", needed=tuple(kinds))
    return Guarantee(**table)


def _check_integer(name: str, value: Any, low: int, high: int) -> None:
    if type(value) is not int or not low <= value <= high:
        shown = f"{value:,}" if type(value) is int else repr(value)
        raise PolicyError(f"expected a {name} from {low} to {high:,}, got {shown}; change it")


def _texts(values: list[Any], key: str) -> list[str]:
    if not all(isinstance(value, str) for value in values):
        raise PolicyError(
            f"[unwanted]: expected {key!r} as a list of texts, got others; correct it"
        )
    return values


def _given(table: dict[str, Any]) -> dict[str, Any]:
    """The entries that are not None, as TOML has nothing for it."""
    return {key: _plain(value) for key, value in table.items() if value is not None}


def _plain(value: Any) -> Any:
    """Tuples as lists, as TOML has no tuples."""
    if isinstance(value, tuple):
        return [_plain(one) for one in value]
    if isinstance(value, dict):
        return {key: _plain(one) for key, one in value.items()}
    return value


def _check(
    table: Mapping[str, Any],
    kinds: Mapping[str, type],
    place: str = "",
    needed: tuple[str, ...] = (),
) -> None:
    """Raises `PolicyError`, beginning with `place`, unless a table has the needed keys, and every
    key is known and of its type."""
    for key in needed:
        if key not in table:
            raise PolicyError(f"{place}expected {key!r}, got none; add it")
    for key, value in table.items():
        if key not in kinds:
            raise PolicyError(
                f"{place}expected the keys {', '.join(kinds)}, got {key[:40]!r}; remove it"
            )
        if type(value) is not kinds[key]:
            expected, found = kinds[key].__name__, type(value).__name__
            raise PolicyError(f"{place}expected {key!r} as {expected}, got {found}; correct it")
