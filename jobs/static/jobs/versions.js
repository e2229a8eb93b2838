// Two versions of a recipe on one picture; and a file of recipes that is put into its field.
(function () {
    "use strict";

    async function showSide(box, side, photo) {
        const { element, askPreview, report, picture } = window.Photomill;
        const said = side.querySelector(".pm-said");
        said.classList.remove("pm-problem");
        said.textContent = "A worker is at it …";
        let answer = { status: 0, body: { message: "The server cannot be reached." } };
        try {
            answer = await askPreview(box.dataset.preview, { account: box.dataset.account, reference: photo, steps: side.dataset.steps, output: side.dataset.output });
        } catch { /* said below */ }
        const { status, body } = answer;
        said.textContent = status === 200 ? "" : body.message || (body.faults || []).map((fault) => `${fault.field}: ${fault.message}`).join(" ") || "There is no preview.";
        said.classList.toggle("pm-problem", status !== 200);
        if (status !== 200) return;
        const result = body.results[0];
        side.querySelector(".pm-frame").replaceChildren(...(result.picture ? [picture(result.picture, side.querySelector("b").textContent, result.width)] : [element("span")]));
        side.querySelector(".pm-report").replaceChildren(...report(result));
    }

    async function compare(box, choice) {
        for (const side of box.querySelectorAll("[data-side]")) await showSide(box, side, choice.value);
    }

    async function begin(box, choice) {
        const answer = await fetch(`${box.dataset.places}?account=${box.dataset.account}`, { credentials: "same-origin" });
        if (answer.ok) {
            const { images } = await answer.json();
            for (const image of images.reverse()) choice.prepend(window.Photomill.element("option", { value: image.id }, image.name));
            choice.selectedIndex = 0;
        }
        choice.addEventListener("change", () => compare(box, choice));
        compare(box, choice);
    }

    const choice = document.getElementById("compare-photo");
    if (choice) begin(document.getElementById("compare"), choice);

    const file = document.getElementById("yaml-file");
    if (file) {
        file.hasChangeListener = true;
        file.addEventListener("change", async () => {
            if (file.files.length) document.getElementById(file.dataset.into).value = await file.files[0].text();
        });
    }
})();
