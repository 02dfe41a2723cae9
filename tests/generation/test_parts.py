"""A run as a folder of parts: the results of one file, whatever works and whatever interrupts."""

import dataclasses
import errno
import hashlib
import io
import json
import os
import shutil
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from zipfile import ZipFile

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from fsspec.implementations.local import LocalFileSystem

from regvae.generation import parts
from regvae.generation.folder import Folder, FolderError
from regvae.generation.parts import MANIFEST, UNFINISHED, generate_parts, part_name
from regvae.generation.reading import ResultsError, read_results
from regvae.generation.results import generate
from regvae.rejection import sampling
from regvae.rejection.policy import Policy
from regvae.rejection.proposals import Around
from regvae.rejection.rules import OneSided
from regvae.rejection.unwanted import Unwanted
from regvae.workers import processes
from tests.rejection.bundles import with_rows

BELOW_50 = Unwanted.of(["number < 50"])
BLOCK = 1_000


@pytest.fixture(scope="module")
def few(bundle):
    return with_rows(bundle, slice(None, None, 60))


@pytest.fixture(autouse=True)
def small_blocks(monkeypatch, request):
    if "real_blocks" not in request.fixturenames:
        monkeypatch.setattr(sampling, "BLOCK", BLOCK)
        monkeypatch.setattr(sampling, "_FIRST", 200)


@pytest.fixture
def real_blocks():
    """The blocks that other processes know."""


def policy(**changes):
    usual = {"unwanted": BELOW_50, "rule": OneSided(1.0), "proposals": 5 * BLOCK, "clean": True}
    return Policy("notebook-2d", **usual | changes)


CHOICES = [
    {},
    {"repeats": True},
    {"clean": False},
    {"decode": "drawn"},
    {"results": 120},
    {"results": 500, "repeats": True},
    {"rule": OneSided(1e6)},
    {"proposals": 10},
]


def files_of(folder):
    """The content of every file of a folder, hidden ones too."""
    paths = [path for path in Path(folder).rglob("*") if path.is_file()]
    return {str(path.relative_to(folder)): path.read_bytes() for path in paths}


def codes_of(folder):
    names = sorted(name for name in files_of(folder) if name.endswith(".parquet"))
    tables = [pq.read_table(Path(folder) / name) for name in names]
    return [code for table in tables for code in table["reg"].to_pylist()]


def in_one_file(bundle, chosen, attributes=()):
    file = io.BytesIO()
    outcome = generate(bundle, chosen, {".parquet": file}, attributes=attributes)
    return outcome, pq.read_table(io.BytesIO(file.getvalue()))


@pytest.mark.parametrize("choice", CHOICES, ids=str)
def test_the_parts_are_the_file_in_blocks(few, tmp_path, choice):
    chosen = policy(**choice)
    expected, table = in_one_file(few, chosen)
    outcome = generate_parts(few, chosen, f"{tmp_path}/new/")
    assert codes_of(tmp_path / "new") == table["reg"].to_pylist()
    assert (outcome.report, outcome.audit) == (expected.report, expected.audit)
    assert outcome.shortfall == expected.shortfall
    manifest = json.loads((tmp_path / "new" / MANIFEST).read_text())
    assert manifest == json.loads(json.dumps(outcome.manifest({n: n for n in outcome.sha256})))
    assert {*files_of(tmp_path / "new")} == {MANIFEST, *manifest["files"]}


def test_a_part_has_the_results_of_its_block_with_attributes(few, tmp_path):
    chosen = policy()
    _, table = in_one_file(few, chosen, ["number"])
    generate_parts(few, chosen, str(tmp_path), attributes=["number"])
    start = 0
    for number in range(5):
        part = pq.read_table(tmp_path / part_name(number))
        proposed = dataclasses.replace(chosen, proposals=(number + 1) * BLOCK)
        end = generate(few, proposed).report.kept
        assert part.to_pydict() == table.slice(start, end - start).to_pydict()
        start = end
    assert start == len(table) > 0


@pytest.mark.parametrize("choice", CHOICES, ids=str)
@pytest.mark.parametrize("threads", [1, 2, 8])
def test_threads_change_no_byte(few, tmp_path, choice, threads):
    generate_parts(few, policy(**choice), str(tmp_path / "alone"))
    with ThreadPoolExecutor(threads) as executor:
        generate_parts(few, policy(**choice), str(tmp_path / "threads"), executor=executor)
    assert files_of(tmp_path / "threads") == files_of(tmp_path / "alone")


@pytest.mark.usefixtures("real_blocks")
def test_processes_change_no_byte(few, tmp_path):
    chosen = [policy(proposals=4 * 2**18 + 7), policy(proposals=4 * 2**18, results=150)]
    for one in chosen:
        generate_parts(few, one, str(tmp_path / f"alone-{one.results}"))
    for n in (1, 2, 8):
        with processes(n) as executor:
            for one in chosen:
                to = tmp_path / f"{n}-{one.results}"
                generate_parts(few, one, str(to), executor=executor)
                assert files_of(to) == files_of(tmp_path / f"alone-{one.results}")
                single, other = io.BytesIO(), io.BytesIO()
                generate(few, one, {".csv": single})
                generate(few, one, {".csv": other}, executor=executor)
                assert single.getvalue() == other.getvalue()


# --- interruptions ---


class StopError(Exception):
    pass


def interrupted_after(n):
    """What to call after each part of a block, which raises at the nth."""
    calls = []

    def on_block(tally):
        calls.append(tally)
        if len(calls) == n:
            raise StopError

    return on_block


@pytest.mark.parametrize("choice", CHOICES[:6], ids=str)
def test_an_interrupted_run_goes_on_to_the_same_files(few, tmp_path, choice):
    chosen = policy(**choice)
    generate_parts(few, chosen, str(tmp_path / "alone"))
    to = str(tmp_path / "often")
    for n in (3, 2, 4):
        with pytest.raises(StopError):
            generate_parts(few, chosen, to, on_block=interrupted_after(n))
    generate_parts(few, chosen, to)
    assert files_of(to) == files_of(tmp_path / "alone")


def test_what_exists_is_not_generated_again(few, tmp_path, monkeypatch):
    with pytest.raises(StopError):
        generate_parts(few, policy(), str(tmp_path), on_block=interrupted_after(4))
    blocks = []
    judged = sampling._judged

    def watched(bundle, chosen, measurer, executor, first):
        blocks.append(first)
        return judged(bundle, chosen, measurer, executor, first)

    monkeypatch.setattr(sampling, "_judged", watched)
    tallies = []
    generate_parts(few, policy(), str(tmp_path), on_block=tallies.append)
    assert blocks == [2]
    assert tallies[0].proposed == 2 * BLOCK


def test_a_run_interrupted_between_its_last_part_and_the_manifest_goes_on(few, tmp_path):
    generate_parts(few, policy(results=60), str(tmp_path / "alone"))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(parts, "outcome_of", lambda *_, **__: 1 / 0)
        with pytest.raises(ZeroDivisionError):
            generate_parts(few, policy(results=60), str(tmp_path / "new"))
    generate_parts(few, policy(results=60), str(tmp_path / "new"))
    assert files_of(tmp_path / "new") == files_of(tmp_path / "alone")


@pytest.mark.parametrize("damage", ["part", "no part", "block", "no block"])
def test_what_is_damaged_is_generated_again(few, tmp_path, damage):
    generate_parts(few, policy(), str(tmp_path / "alone"))
    to = tmp_path / "new"
    with pytest.raises(StopError):
        generate_parts(few, policy(), str(to), on_block=interrupted_after(5))
    part, block = to / part_name(1), to / UNFINISHED / "block-00000001.npz"
    path = part if "part" in damage else block
    if damage.startswith("no"):
        path.unlink()
    else:
        path.write_bytes(path.read_bytes()[:-20])
    generate_parts(few, policy(), str(to))
    assert files_of(to) == files_of(tmp_path / "alone")


def test_a_run_that_is_stopped_has_a_manifest_with_what_it_generated(few, tmp_path):
    outcome = generate_parts(
        few, policy(), str(tmp_path), on_block=lambda tally: tally.proposed > 1500
    )
    assert outcome.report.proposed == 2 * BLOCK
    assert len(codes_of(tmp_path)) == outcome.report.kept
    assert not (tmp_path / UNFINISHED).exists()


def test_what_names_records_is_marked_and_removed(exact, tmp_path):
    near = policy(clean=False, rule=OneSided(0.1), proposal=Around(0.3))
    near = dataclasses.replace(near, bundle=exact.name)
    expected, _ = in_one_file(exact, near)
    with pytest.raises(StopError):
        generate_parts(exact, near, str(tmp_path), on_block=interrupted_after(4))
    assert json.loads((tmp_path / UNFINISHED / "run.json").read_text())["contains_records"] is True
    outcome = generate_parts(exact, near, str(tmp_path))
    assert outcome.audit == expected.audit
    assert outcome.report.collisions
    assert {*files_of(tmp_path)} == {MANIFEST, *outcome.sha256}


@pytest.fixture
def half(few, tmp_path):
    """The folder of a run that was interrupted after three of its five blocks."""
    to = tmp_path / "half"
    with pytest.raises(StopError):
        generate_parts(few, policy(), str(to), on_block=interrupted_after(5))
    assert len([*to.glob("part-*")]) == 3
    return to


@pytest.mark.parametrize(
    "changes",
    [
        *({"tally": np.arange(n)} for n in (3, 9)),
        {"tally": np.full(9, np.inf)},
        {"leaking": -3},
        *({"z": np.zeros(shape)} for shape in ((5, 3), 5, (), (5_000, 2), (0, 2))),
        *({"z": np.array(one)} for one in ([["a", "b"]], [[1j, 1]], [[{}, 1]])),
        {"hits": np.array(["AB12CDE"]), "hits_counts": np.array([4])},
        {"again": np.array(["AB12CDE"]), "again_counts": np.array([-4])},
        {"again": np.array(["AB12CDE"]), "again_counts": np.array(["4"])},
        *({"sha256": one} for one in ("", "0" * 64, ["a", "b"])),
        {"compressed": np.zeros(9)},
    ],
    ids=str,
)
def test_what_cannot_be_of_a_block_is_generated_again(few, half, tmp_path, changes):
    path = half / UNFINISHED / "block-00000001.npz"
    with np.load(path) as found:
        arrays = {**found, **changes}
    (np.savez_compressed if "compressed" in changes else np.savez)(path, **arrays)
    generate_parts(few, policy(), str(half))
    generate_parts(few, policy(), str(tmp_path / "alone"))
    assert files_of(half) == files_of(tmp_path / "alone")


@pytest.mark.parametrize("shape", ["(1000000000000, 2)", "(", "(300000000, 0)"])
def test_a_hostile_header_is_no_array(half, shape):
    header = f"{{'descr': '<f8', 'fortran_order': False, 'shape': {shape}}}".encode()
    header += b" " * (63 - (len(header) + 10) % 64) + b"\n"
    content = b"\x93NUMPY\x01\x00" + len(header).to_bytes(2, "little") + header
    path = half / UNFINISHED / "block-00000001.npz"
    with ZipFile(path) as found:
        members = {name: found.read(name) for name in found.namelist()} | {"z.npy": content}
    sink = io.BytesIO()
    with ZipFile(sink, "w") as archive:
        for name, member in members.items():
            archive.writestr(name, member)
    added = parts._Added.read(sink.getvalue())
    assert added is None or added.z.shape == (300_000_000, 0)


@pytest.mark.parametrize(
    "table",
    [None, {"x": [1]}, {"reg": [1]}, {"reg": ["hello"]}, {"reg": [None]}, {"reg": ["AB12CDE"] * 9}],
    ids=str,
)
def test_a_part_that_is_no_part_is_generated_again(few, half, tmp_path, table):
    part, path = half / part_name(1), half / UNFINISHED / "block-00000001.npz"
    rows = pq.read_metadata(part).num_rows
    if table is None:
        part.write_bytes(b"junk")
    else:
        table = {name: (some * rows if len(some) == 1 else some) for name, some in table.items()}
        pq.write_table(pa.table(table), part)
    with np.load(path) as found:
        arrays = {**found, "sha256": hashlib.sha256(part.read_bytes()).hexdigest()}
    np.savez(path, **arrays)
    generate_parts(few, policy(), str(half))
    generate_parts(few, policy(), str(tmp_path / "alone"))
    assert files_of(half) == files_of(tmp_path / "alone")


# --- what is refused ---


def test_a_finished_run_is_not_touched(few, tmp_path):
    generate_parts(few, policy(), str(tmp_path))
    before = files_of(tmp_path)
    expected = "expected a new folder or an unfinished run, got .*, whose run is finished; give"
    for chosen in (policy(), policy(seed=1)):
        with pytest.raises(FolderError, match=expected):
            generate_parts(few, chosen, str(tmp_path))
    assert files_of(tmp_path) == before


@pytest.mark.parametrize(
    ("changes", "attributes", "other"),
    [
        ({"seed": 1}, (), "policy"),
        ({"proposals": 6 * BLOCK}, (), "policy"),
        ({"unwanted": Unwanted.of(["number < 60"])}, (), "policy"),
        ({}, ("number",), "attributes"),
        ({"seed": 1}, ("number",), "policy and attributes"),
    ],
)
def test_an_unfinished_run_of_something_else_is_not_touched(
    few, tmp_path, changes, attributes, other
):
    with pytest.raises(StopError):
        generate_parts(few, policy(), str(tmp_path), on_block=interrupted_after(4))
    before = files_of(tmp_path)
    expected = f"expected an unfinished run of this policy, got .*, whose run has another {other};"
    with pytest.raises(FolderError, match=expected):
        generate_parts(few, policy(**changes), str(tmp_path), attributes=attributes)
    assert files_of(tmp_path) == before


def test_an_unfinished_run_of_another_version_is_not_touched(few, tmp_path, monkeypatch):
    with pytest.raises(StopError):
        generate_parts(few, policy(), str(tmp_path), on_block=interrupted_after(4))
    before = files_of(tmp_path)
    monkeypatch.setattr(parts, "SCHEMA", parts.SCHEMA + 1)
    with pytest.raises(FolderError, match="whose run has another version; give another folder"):
        generate_parts(few, policy(), str(tmp_path))
    assert files_of(tmp_path) == before


def test_what_somebody_else_has_in_a_folder_of_that_name_is_not_removed(few, tmp_path):
    (tmp_path / UNFINISHED).mkdir()
    (tmp_path / UNFINISHED / "novel.txt").write_text("mine")
    (tmp_path / MANIFEST).write_text("{}")
    before = files_of(tmp_path)
    with pytest.raises(FolderError, match="whose run is finished"):
        generate_parts(few, policy(), str(tmp_path))
    assert files_of(tmp_path) == before


def test_what_a_run_left_just_before_its_end_is_removed(few, tmp_path):
    with pytest.raises(StopError):
        generate_parts(few, policy(), str(tmp_path), on_block=interrupted_after(4))
    (tmp_path / MANIFEST).write_text("{}")
    with pytest.raises(FolderError, match="whose run is finished"):
        generate_parts(few, policy(), str(tmp_path))
    assert not (tmp_path / UNFINISHED).exists()


@pytest.mark.parametrize(
    "name", ["notes.txt", "part-00000000.parquet", "sub/a.csv", "unfinished/novel.txt"]
)
def test_a_folder_with_other_files_is_not_touched(few, tmp_path, name):
    (tmp_path / name).parent.mkdir(exist_ok=True)
    (tmp_path / name).write_text("mine")
    expected = rf"got .*, which has other files \(({name}|{Path(name).parts[0]})\); give"
    with pytest.raises(FolderError, match=expected):
        generate_parts(few, policy(), str(tmp_path))
    assert files_of(tmp_path) == {name: b"mine"}


@pytest.mark.parametrize("names", [["draft.txt"], ["draft.txt", "../manifest.json"]])
def test_a_folder_that_is_called_unfinished_by_chance_is_not_touched(few, tmp_path, names):
    (tmp_path / UNFINISHED).mkdir()
    for name in names:
        (tmp_path / UNFINISHED / name).write_text("mine")
    before = files_of(tmp_path)
    with pytest.raises(FolderError, match=r"got .*(other files .unfinished/draft|is finished)"):
        generate_parts(few, policy(), str(tmp_path))
    assert files_of(tmp_path) == before


def test_a_damaged_description_is_told(few, half):
    (half / UNFINISHED / "run.json").write_text("[" * 100_000)
    with pytest.raises(FolderError, match=r"whose run has a damaged run.json; give another"):
        generate_parts(few, policy(), str(half))


def test_a_link_is_not_followed_to_what_is_not_of_the_run(few, half, tmp_path):
    mine = tmp_path / "mine"
    mine.write_text("precious")
    lock = half / UNFINISHED / ".lock"
    lock.unlink()
    lock.symlink_to(mine)
    with pytest.raises(FolderError, match="expected to read and write"):
        generate_parts(few, policy(), str(half))
    assert mine.read_text() == "precious"
    lock.unlink()
    (half / UNFINISHED).rename(tmp_path / "moved")
    (half / UNFINISHED).symlink_to(tmp_path / "moved")
    with pytest.raises(FolderError, match=r"got the link .*unfinished; remove it"):
        generate_parts(few, policy(), str(half))


@pytest.mark.parametrize("name", ["unfinished/block-00000001.npz", "part-00000001.parquet"])
def test_a_pipe_is_not_waited_for(few, half, name):
    (half / name).unlink()
    os.mkfifo(half / name)
    with pytest.raises(FolderError, match=f"expected a regular file .*{name}, got something"):
        generate_parts(few, policy(), str(half))


def test_a_folder_with_the_name_of_a_part_is_not_written_into(few, half):
    (half / part_name(3)).mkdir()
    with pytest.raises(FolderError, match="Is a directory"):
        generate_parts(few, policy(), str(half))
    assert not [*(half / part_name(3)).iterdir()]


@pytest.mark.parametrize("name", ["notes.txt", part_name(9), "unfinished/notes.txt"])
def test_an_unfinished_run_with_other_files_is_not_touched(few, half, name):
    (half / name).write_text("mine")
    before = files_of(half)
    with pytest.raises(FolderError, match=f"which has other files .{name}.; give"):
        generate_parts(few, policy(), str(half))
    assert files_of(half) == before


def test_a_folder_that_is_removed_meanwhile_is_not_made_again(few, tmp_path):
    to = tmp_path / "new"

    def remove(tally):
        if tally.proposed > 2 * BLOCK:
            shutil.rmtree(to, ignore_errors=True)

    with pytest.raises(FolderError, match=r"expected to read and write .*No such file"):
        generate_parts(few, policy(), str(to), on_block=remove)
    assert not to.exists()


def test_a_part_that_is_removed_meanwhile_is_told_and_generated_again(few, tmp_path):
    to = tmp_path / "new"

    def remove(tally):
        if tally.proposed > 2 * BLOCK:
            (to / part_name(1)).unlink(missing_ok=True)

    with pytest.raises(FolderError, match=f"alone, got others, or some removed .{part_name(1)}."):
        generate_parts(few, policy(), str(to), on_block=remove)
    generate_parts(few, policy(), str(to))
    generate_parts(few, policy(), str(tmp_path / "alone"))
    assert files_of(to) == files_of(tmp_path / "alone")


def test_what_a_killed_write_leaves_is_removed_at_the_end(few, tmp_path, monkeypatch):
    to, left = tmp_path / "new", []

    def killed(partial, path):
        left.append(Path(partial))
        if len(left) == 4:
            raise SystemExit
        os.rename(partial, path)  # noqa: PTH104

    monkeypatch.setattr(os, "replace", killed)
    monkeypatch.setattr(LocalFileSystem, "rm_file", lambda *_: None)
    with pytest.raises(SystemExit):
        generate_parts(few, policy(), str(to))
    assert left[-1].exists()
    generate_parts(few, policy(), str(to))
    assert {*files_of(to)} == {MANIFEST, *map(part_name, range(5))}


def test_two_runs_do_not_write_to_one_folder(few, tmp_path):
    refused = []

    def another(tally):
        del tally
        if not refused:
            with pytest.raises(
                FolderError, match=r"got .*, to which another run does; wait"
            ) as one:
                generate_parts(few, policy(), str(tmp_path))
            refused.append(one)

    generate_parts(few, policy(), str(tmp_path), on_block=another)
    assert refused


def test_a_full_disk_is_told_and_what_is_there_is_used(few, tmp_path, monkeypatch):
    generate_parts(few, policy(), str(tmp_path / "alone"))
    to, written = tmp_path / "new", []
    pipe_file = LocalFileSystem.pipe_file

    def full(self, path, value, **more):
        written.append(path)
        if len(written) == 6:
            Path(path).write_bytes(value[:10])
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        return pipe_file(self, path, value, **more)

    monkeypatch.setattr(LocalFileSystem, "pipe_file", full)
    expected = r"expected to read and write .*, got an error \(No space left on device\); make room"
    with pytest.raises(FolderError, match=expected):
        generate_parts(few, policy(), str(to))
    assert not [name for name in files_of(to) if "/." in f"/{name}" and ".lock" not in name]
    generate_parts(few, policy(), str(to))
    assert files_of(to) == files_of(tmp_path / "alone")


@pytest.mark.parametrize(
    ("url", "words"),
    [
        ("nothing://of/this", "expected a path or a URL that fsspec can open, got 'nothing:"),
        ("{file}", "expected a folder, got the file"),
        ("{file}/below", "expected to read and write"),
    ],
)
def test_what_is_no_folder_is_refused(few, tmp_path, url, words):
    file = tmp_path / "file"
    file.write_text("mine")
    with pytest.raises(FolderError, match=words):
        generate_parts(few, policy(), url.format(file=file))
    assert files_of(tmp_path) == {"file": b"mine"}


def test_an_unknown_attribute_is_refused_before_anything_is_written(few, tmp_path):
    with pytest.raises(ValueError, match="colour"):
        generate_parts(few, policy(), str(tmp_path / "new"), attributes=["colour"])
    assert not (tmp_path / "new").exists()


# --- by URL, and read again ---


def test_a_folder_may_be_a_url(few, tmp_path):
    generate_parts(few, policy(), str(tmp_path / "local"))
    url = "memory://tests/of parts/"
    with pytest.raises(StopError):
        generate_parts(few, policy(), url, on_block=interrupted_after(4))
    assert UNFINISHED in Folder(url).names()
    generate_parts(few, policy(), url)
    folder = Folder(url)
    found = {name: folder.read(name) for name in folder.names()}
    assert found == files_of(tmp_path / "local")
    folder.remove()
    assert folder.names() == set()


def test_a_folder_is_read_as_its_file_would_be(few, tmp_path):
    outcome = generate_parts(few, policy(), str(tmp_path / "new"))
    generated = read_results(tmp_path / "new", few)
    expected, table = in_one_file(few, policy())
    assert few.format.written(generated.codes).tolist() == table["reg"].to_pylist()
    assert generated.policy == outcome.policy == expected.policy
    assert generated.proposed == 5 * BLOCK


def test_a_folder_that_is_not_right_is_not_read(few, tmp_path):
    to = tmp_path / "new"
    with pytest.raises(StopError):
        generate_parts(few, policy(), str(to), on_block=interrupted_after(4))
    with pytest.raises(ResultsError, match="got one without, whose run is not finished; let it"):
        read_results(to, few)
    generate_parts(few, policy(), str(to))
    manifest = json.loads((to / MANIFEST).read_text())
    (to / part_name(1)).write_bytes((to / part_name(2)).read_bytes())
    expected = f"{part_name(1)}: expected the file that {MANIFEST} describes, with sha256"
    with pytest.raises(ResultsError, match=expected):
        read_results(to, few)
    for name in ("../elsewhere.parquet", "..", "", "a\0b", "\ud800"):
        (to / MANIFEST).write_text(json.dumps(manifest | {"files": {name: "0"}}))
        with pytest.raises(ResultsError, match="got a damaged one"):
            read_results(to, few)
    (to / MANIFEST).write_text(json.dumps(manifest | {"policy": 3}))
    with pytest.raises(ResultsError, match="got a damaged one"):
        read_results(to, few)
    generate_parts(few, policy(rule=OneSided(1e6)), str(tmp_path / "none"))
    with pytest.raises(ResultsError, match="got a run without results"):
        read_results(tmp_path / "none", few)


def test_what_a_block_adds_is_read_as_it_was_written():
    tally = sampling.Tally(9, 8, 7, 6, 5, 4, 3, 2, -1)
    hits, again = Counter({"AB12CDE": 3}), Counter({"ZZ99ZZZ": 1, "AB12CDE": 2})
    z = np.random.default_rng(3).random((4, 2))
    read = parts._Added.read(parts._Added(tally, hits, 2, again, z, "abc").written())
    assert (read.tally, read.hits, read.leaking, read.again) == (tally, hits, 2, again)
    assert read.sha256 == "abc"
    np.testing.assert_array_equal(read.z, z)
    assert parts._Added.read(b"") is None
