// The pages of a run: shows the fields of the chosen kind, says that files are on their way, and asks for previews.
(function () {
    "use strict";

    function watchForm(form) {
        const kinds = [...form.querySelectorAll("[name=kind]")];
        const destination = form.querySelector("[name=destination]");
        const said = document.getElementById("run-said");
        const show = () => {
            const chosen = kinds.find((one) => one.checked)?.value;
            form.querySelectorAll("[data-kind]").forEach((box) => { box.hidden = box.dataset.kind !== chosen; });
            form.querySelector("[data-needs=destination]").hidden = !destination.value;
        };
        form.addEventListener("change", show);
        form.addEventListener("submit", () => {
            // What is not shown is not meant: no file of another kind goes along.
            form.querySelectorAll("[data-kind][hidden] input[type=file]").forEach((one) => { one.disabled = true; });
            said.textContent = "On its way. Many pictures take a while …";
            form.querySelector("[type=submit]").disabled = true;
        });
        window.addEventListener("pageshow", () => {
            form.querySelectorAll("input[type=file]").forEach((one) => { one.disabled = false; });
            form.querySelector("[type=submit]").disabled = false;
            said.textContent = "";
            show();
        });
        show();
    }

    async function showPreviews(box) {
        const { element, askPreview, report, picture } = window.Photomill;
        const recipes = box.dataset.recipes.split("|");
        for (const card of box.querySelectorAll("[data-index]")) {
            const said = card.querySelector(".pm-said");
            let answer = { status: 0, body: {} };
            try {
                answer = await askPreview(box.dataset.url, { plan: box.dataset.plan, index: card.dataset.index });
            } catch { answer.body.message = "The server cannot be reached."; }
            said.textContent = answer.status === 200 ? answer.body.error : answer.body.message || "There is no preview.";
            said.classList.toggle("pm-problem", Boolean(said.textContent));
            if (answer.status !== 200 || answer.body.error) continue;
            const before = element("div", { class: "pm-frame" }, element("small", { class: "pm-help" }, "before"), picture(answer.body.before, "The picture before"));
            const after = answer.body.results.map((result, place) => element("div", { class: "pm-frame" },
                element("small", { class: "pm-help" }, recipes[place]), ...(result.picture ? [picture(result.picture, `After ${recipes[place]}`, result.width)] : []),
                element("div", { class: "pm-report" }, ...report(result))));
            card.querySelector(".pm-strip").replaceChildren(before, ...after);
        }
    }

    // The theme looks for a text field beside each field for files, and fails where there is none: this keeps it off.
    document.querySelectorAll("#run-form input[type=file]").forEach((one) => { one.hasChangeListener = true; });

    function start() {
        const form = document.getElementById("run-form");
        if (form) watchForm(form);
        const previews = document.getElementById("run-previews");
        if (previews) showPreviews(previews);
    }

    if (document.readyState === "loading") document.addEventListener("DOMContentLoaded", start);
    else start();
})();
