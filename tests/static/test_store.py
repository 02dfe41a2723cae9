"""Tables that arrive once and wait for what uses them."""

from tests.static.conftest import Blank


def test_an_older_version_that_arrives_late_hides_no_newer_one(blank: Blank) -> None:
    found = blank.run(
        "shared/store.js",
        """const {put, take} = module;
        const early = take("records", "new");
        put("records", "new", 2);
        put("records", "old", 1);
        return [await early, await take("records", "new"), await take("records", "old")];""",
    )
    assert found == [2, 2, 1]


def test_two_versions_of_a_name_are_stored_and_no_more(blank: Blank) -> None:
    found = blank.run(
        "shared/store.js",
        """const {put, take} = module;
        for (const version of ["a", "b", "a", "c"]) put("samples", version, version);
        const soon = (version) => Promise.race([
            take("samples", version), new Promise((done) => setTimeout(done, 20, "missing"))]);
        return Promise.all(["a", "b", "c"].map(soon));""",
    )
    assert found == ["a", "missing", "c"]


def test_whoever_follows_a_name_is_told_of_each_version_until_that_is_ended(blank: Blank) -> None:
    found = blank.run(
        "shared/store.js",
        """const {follow, put} = module;
        const [seen, others] = [[], []];
        const end = follow("model", (version) => seen.push(version));
        follow("model", (version) => others.push(version));
        put("model", "a", {});
        put("geometry", "b", {});
        put("model", "a", {});
        end();
        put("model", "c", {});
        return [seen, others];""",
    )
    assert found == [["a", "a"], ["a", "a", "c"]]
