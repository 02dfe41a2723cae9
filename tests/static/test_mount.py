"""What every component does with Streamlit's calls."""

from tests.static.conftest import Blank


def test_what_went_wrong_is_said_until_it_goes_right(blank: Blank) -> None:
    said = blank.run(
        "shared/mount.js",
        """const error = console.error;
        console.error = () => {};
        const parentElement = document.body.appendChild(document.createElement("div"));
        const mount = module.mounting((parent) => ({
            element: parent.appendChild(document.createElement("div")),
            update({data}) { if (data) throw new Error(data); },
            remove() { parent.dataset.removed = "yes"; },
        }));
        const alerts = () => Array.from(
            parentElement.querySelectorAll("[role=alert]"), (one) => one.textContent);
        const said = [];
        let cleanup;
        for (const data of ["no table", "no column", null]) {
            cleanup = await mount({parentElement, data});
            said.push(alerts());
        }
        parentElement.remove();
        cleanup();
        console.error = error;
        return [...said, parentElement.dataset.removed];""",
    )
    words = "This could not be drawn: "
    assert said == [[f"{words}no table"], [f"{words}no column"], [], "yes"]
