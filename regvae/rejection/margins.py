"""The decoder's margin: how much likelier the best wanted code is than the best unwanted one.

The characters of a code are independent given the latent point, so the best code that fulfils a
predicate is found exactly, without trying all codes: the positions that predicates depend on are
taken apart into groups that share no attribute; in each group every combination of characters is
tried, and only the best of each pattern of fulfilled predicates is used further. Where those are
too many, as for an attribute of nearly all positions, the likeliest few codes are searched.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from regvae.formats import Codes
from regvae.model.autoencoder import Autoencoder
from regvae.model.bundle import Bundle
from regvae.onehot import Block
from regvae.predicates import AnyOf, Clause, Predicate, mask
from regvae.rejection.unwanted import Unwanted

Floats = NDArray[np.float64]

_MOST = 2**14
"""Most combinations of characters in a group of positions, and of the patterns of all groups;
beyond it codes are searched."""
_LIKELIEST = 64
"""Codes that are searched for a point, from the likeliest down."""
_AT_ONCE = 2**22
"""Most sums of log probabilities that are computed at a time."""


@dataclass(frozen=True)
class _Group:
    """Positions that some predicates depend on together.

    `blocks` are the positions' characters; `fulfilled` (patterns, predicates) tells which of its
    predicates hold in each pattern; the combinations of characters, numbered in the order of the
    product of the blocks, are sorted by their pattern in `order` (c,), where those of each pattern
    begin at `starts` (patterns,).
    """

    blocks: tuple[Block, ...]
    fulfilled: NDArray[np.bool_]
    order: NDArray[np.intp]
    starts: NDArray[np.intp]

    def best(self, autoencoder: Autoencoder, z: NDArray) -> Floats:
        """The highest log probability of each pattern at latent points (m, k): (m, patterns)."""
        total = np.zeros((len(z), 1))
        for scores in autoencoder.scores(z, self.blocks):
            total = (total[:, :, None] + scores[:, None, :]).reshape(len(z), -1)
        return np.maximum.reduceat(total[:, self.order], self.starts, axis=1)


@dataclass(frozen=True)
class Margins:
    """The margins of latent points for one bundle and one unwanted set.

    >>> margins = Margins(regvae.load("ordered-2d"), Unwanted.of(["number < 50"]))
    >>> margins.of([[0.0, 0.0]], codes)
    """

    bundle: Bundle
    unwanted: Unwanted

    def of(self, z: NDArray, codes: Codes) -> Floats:
        """The margin of latent points z (m, k) and what they decode to, codes (m,): (m,), in nats.

        The log probability of the best wanted code less that of the best unwanted one. Codes are
        unwanted here by predicates and lists; regions and the training split are judged by the
        decoded code alone. It is minus infinity where the decoded code is unwanted or a record
        though the predicates alone do not refuse it, and infinite if there are no predicates and no
        list. For predicates over very many combinations of characters it is a bound if none of the
        likeliest 64 codes is on the other side: the margin is at least as far from 0.
        """
        if not self.unwanted.predicates:
            margin = np.full(len(z), np.inf)
        elif self._few_combinations:
            margin = self._by_predicates(z)
        else:
            margin = self._by_search(z)
        refused = self.unwanted.of_codes(codes, self.bundle)
        good = ~refused & ~self.bundle.records.contains(codes)
        if self.unwanted.codes and good.any():
            margin[good] = np.minimum(margin[good], self._over_listed(z[good]))
        # A tie is decided by the decoder, as is a character that is drawn.
        margin[~good & (margin >= 0)] = -np.inf
        return margin

    def _by_predicates(self, z: NDArray) -> Floats:
        """The margin of latent points z (m, k) by the predicates alone: (m,)."""
        margin = np.empty(len(z))
        widest = max(len(self._is_unwanted), *(len(group.order) for group in self._groups))
        batch = max(1, _AT_ONCE // widest)
        for start in range(0, len(z), batch):
            rows = slice(start, start + batch)
            best = [group.best(self.bundle.autoencoder, z[rows]) for group in self._groups]
            total = np.zeros((len(best[0]), 1))
            for one in best:
                total = (total[:, :, None] + one[:, None, :]).reshape(len(one), -1)
            wanted, unwanted = (
                total[:, self._is_unwanted == side].max(axis=1, initial=-np.inf)
                for side in (False, True)
            )
            margin[rows] = wanted - unwanted
        return margin

    def _by_search(self, z: NDArray) -> Floats:
        """The same from the likeliest codes of each point, found exactly, and a bound beyond them.

        The likeliest codes of some positions begin with the likeliest of the positions before.
        """
        format, onehot = self.unwanted.format, self.bundle.autoencoder.onehot
        margin = np.empty(len(z))
        for start in range(0, len(z), _AT_ONCE // 2**12):
            rows = slice(start, start + _AT_ONCE // 2**12)
            parts = self.bundle.autoencoder.scores(z[rows], onehot.blocks)
            total = np.zeros((len(parts[0]), 1))
            places = np.zeros((len(parts[0]), 1, 0), np.intp)
            for block, scores in zip(onehot.blocks, parts, strict=True):
                wider = (total[:, :, None] + scores[:, None, :]).reshape(len(scores), -1)
                order = np.argsort(-wider, axis=1, kind="stable")[:, :_LIKELIEST]
                total = np.take_along_axis(wider, order, axis=1)
                before, character = np.divmod(order, len(block.alphabet))
                places = np.concatenate(
                    [np.take_along_axis(places, before[:, :, None], axis=1), character[:, :, None]],
                    axis=2,
                )
            codes = onehot.codes(places.reshape(-1, onehot.positions))
            refused = mask(self.unwanted.predicates, codes, format).reshape(total.shape)
            other = refused != refused[:, :1]
            first = np.where(other.any(axis=1), other.argmax(axis=1), total.shape[1] - 1)
            apart = total[:, 0] - total[np.arange(len(total)), first]
            margin[rows] = np.where(refused[:, 0], -apart, apart)
        return margin

    def _over_listed(self, z: NDArray) -> Floats:
        """How much likelier the best code at points z (m, k) is than the best listed one: (m,)."""
        onehot = self.bundle.autoencoder.onehot
        listed = onehot.encode(self.unwanted.format.array(self.unwanted.codes)).astype(float).T
        margin = np.empty(len(z))
        batch = max(1, _AT_ONCE // listed.shape[1])
        for start in range(0, len(z), batch):
            rows = slice(start, start + batch)
            parts = self.bundle.autoencoder.scores(z[rows], onehot.blocks)
            best = np.sum([scores.max(axis=1) for scores in parts], axis=0)
            among = sum(
                scores @ listed[block.columns]
                for block, scores in zip(onehot.blocks, parts, strict=True)
            )
            margin[rows] = best - np.max(among, axis=1)
        return margin

    @cached_property
    def _groups(self) -> tuple[_Group, ...]:
        return tuple(self._group(members) for members in self._members)

    @cached_property
    def _members(self) -> list[tuple[Predicate, ...]]:
        """The predicates, grouped by the positions that they depend on together."""
        groups: list[tuple[set[int], list[Predicate]]] = []
        for predicate in dict.fromkeys(_predicates(self.unwanted.predicates)):
            format = self.unwanted.format
            positions = set(format.deciding(format.attribute(predicate.attribute).positions))
            touching = [one for one in groups if one[0] & positions]
            groups = [one for one in groups if not one[0] & positions]
            joined = [member for _, members in touching for member in members]
            groups.append((positions.union(*(one for one, _ in touching)), [*joined, predicate]))
        return [tuple(members) for _, members in groups]

    def _blocks(self, members: tuple[Predicate, ...]) -> list[Block]:
        """The blocks of the positions that some predicates depend on."""
        format = self.unwanted.format
        attributes = [format.attribute(one.attribute) for one in members]
        used = {place for one in attributes for place in format.deciding(one.positions)}
        return [one for one in self.bundle.autoencoder.onehot.blocks if one.position in used]

    @cached_property
    def _few_combinations(self) -> bool:
        """Whether no group has too many combinations of characters, nor all groups of patterns."""
        of_characters = (
            math.prod(len(one.alphabet) for one in self._blocks(members))
            for members in self._members
        )
        return (
            max(of_characters) <= _MOST
            and math.prod(len(group.fulfilled) for group in self._groups) <= _MOST
        )

    def _group(self, members: tuple[Predicate, ...]) -> _Group:
        format, onehot = self.unwanted.format, self.bundle.autoencoder.onehot
        chosen = self._blocks(members)
        combinations = np.indices([len(one.alphabet) for one in chosen]).reshape(len(chosen), -1)
        places = np.zeros((combinations.shape[1], onehot.positions), np.intp)
        places[:, [onehot.index(one.position) for one in chosen]] = combinations.T
        codes = onehot.codes(places)
        masks = np.stack([one.mask(codes, format) for one in members], axis=1)
        fulfilled, pattern = np.unique(masks, axis=0, return_inverse=True)
        pattern = pattern.ravel()
        order = np.argsort(pattern, kind="stable")
        starts = np.searchsorted(pattern[order], np.arange(len(fulfilled)))
        return _Group(tuple(chosen), fulfilled, order, starts)

    @cached_property
    def _is_unwanted(self) -> NDArray[np.bool_]:
        """Whether the predicates refuse each combination of the groups' patterns."""
        columns: dict[Predicate, NDArray[np.bool_]] = {}
        shape = [len(group.fulfilled) for group in self._groups]
        index = np.indices(shape).reshape(len(shape), -1)
        for group, members, rows in zip(self._groups, self._members, index, strict=True):
            for column, member in enumerate(members):
                columns[member] = group.fulfilled[rows, column]
        clauses = [
            np.any([columns[one] for one in _predicates([clause])], axis=0)
            for clause in self.unwanted.predicates
        ]
        return np.all(clauses, axis=0)


def _predicates(clauses: Sequence[Clause]) -> list[Predicate]:
    return [
        one
        for clause in clauses
        for one in (clause.predicates if isinstance(clause, AnyOf) else (clause,))
    ]
