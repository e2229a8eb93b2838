// The form of a recipe: its steps, one after the other, and how the result is written. The JSON beside it is what is
// sent, and can be edited itself: the two follow each other.
(function () {
    "use strict";

    const { element, selectOf, buildField, showFault, clearFaults } = window.Photomill;

    function start(source) {
        const form = source.form;
        const output = form.querySelector("textarea[data-chain=output]");
        const state = { steps: [], output: {}, catalogue: new Map(), places: { images: [], storages: [] } };
        const list = element("ol", { class: "pm-chain" });
        const outputs = element("div", { class: "pm-fields pm-output" });
        const spoken = element("p", { class: "pm-said", ariaLive: "polite" });
        const context = { changed: save, known: () => state.places, places: Promise.resolve() };
        const preview = window.Photomill.startPreview?.(form, source, () => ({ steps: source.value, output: output.value }), showFaults);

        function save() {
            source.value = JSON.stringify(state.steps, null, 2);
            output.value = JSON.stringify(state.output, null, 2);
            clearFaults(form);
            preview?.changed();
        }

        // --- Steps -----------------------------------------------------------------------------------------------

        function drawStep(step, index) {
            const about = state.catalogue.get(step.operation);
            step.params ??= {};
            const title = element("span", { class: "pm-step-title" }, element("b", {}, `${index + 1}. ${about ? about.title : step.operation}`),
                element("small", { class: "pm-help" }, about ? about.summary : "There is no such operation."));
            const buttons = element("span", { class: "pm-step-buttons" },
                button("arrow_upward", `Move step ${index + 1} up`, () => move(index, -1), index === 0),
                button("arrow_downward", `Move step ${index + 1} down`, () => move(index, 1), index === state.steps.length - 1),
                button("close", `Remove step ${index + 1}`, () => remove(index)));
            const box = element("li", { class: "pm-step" }, element("div", { class: "pm-step-head" }, title, buttons));
            box.dataset.step = index;
            if (about?.missing) box.append(element("p", { class: "pm-problem" }, `Not available here: ${about.missing}`));
            if (about?.fields.length) {
                box.append(element("div", { class: "pm-fields" }, ...about.fields.map((node) => buildField(node, step.params, context, node.name))));
            }
            return box;
        }

        function button(icon, label, act, disabled) {
            return element("button", { type: "button", class: "pm-icon", title: label, ariaLabel: label, disabled, onclick: act },
                element("span", { class: "material-symbols-outlined", ariaHidden: "true" }, icon));
        }

        function drawSteps() {
            list.replaceChildren(...state.steps.map(drawStep));
            empty.hidden = state.steps.length > 0;
        }

        function changeSteps(said, focus) {
            drawSteps();
            save();
            spoken.textContent = said;
            const target = list.children[focus];
            (target?.querySelector(".pm-field input, .pm-field select, .pm-field textarea") || target?.querySelector("button") || chooser).focus();
        }

        function move(index, by) {
            const [step] = state.steps.splice(index, 1);
            state.steps.splice(index + by, 0, step);
            drawSteps();
            save();
            spoken.textContent = `Step ${index + 1} is step ${index + by + 1} now.`;
            const buttons = list.children[index + by].querySelectorAll(".pm-step-buttons button");
            const again = buttons[by < 0 ? 0 : 1];
            (again.disabled ? buttons[by < 0 ? 1 : 0] : again).focus();
        }

        function remove(index) {
            state.steps.splice(index, 1);
            changeSteps(`Step ${index + 1} is removed.`, Math.min(index, state.steps.length - 1));
        }

        function add() {
            if (!chooser.value) return;
            state.steps.push({ operation: chooser.value, params: {} });
            chooser.value = "";
            changeSteps(`Step ${state.steps.length} is added.`, state.steps.length - 1);
        }

        const chooser = selectOf([["", "Add a step …"]], "", { ariaLabel: "Operation of the new step" });
        const adder = element("div", { class: "pm-adder" }, chooser, element("button", { type: "button", class: "pm-button", onclick: add }, "Add step"));
        const empty = element("p", { class: "pm-quiet" }, "No steps yet. Choose an operation below, and add it.");

        // --- The two views -----------------------------------------------------------------------------------------

        function read() {
            const steps = JSON.parse(source.value || "[]");
            const written = JSON.parse(output.value || "{}");
            if (!Array.isArray(steps) || steps.some((step) => typeof step?.operation !== "string")) throw new Error("Steps are a list, each with its operation.");
            if (written === null || typeof written !== "object" || Array.isArray(written)) throw new Error("The output is an object.");
            state.steps = steps;
            state.output = written;
        }

        function drawAll() {
            drawSteps();
            outputs.replaceChildren(...state.catalogueOutput.map((node) => buildField(node, state.output, context, node.name)));
        }

        function show(view) {
            if (view === "form") {
                try {
                    read();
                } catch (error) {
                    spoken.textContent = `The form cannot show this JSON: ${error.message}`;
                    view = "json";
                }
            }
            if (view === "form") drawAll();
            for (const tab of tabs) tab.setAttribute("aria-selected", String(tab.dataset.view === view));
            for (const tab of tabs) tab.tabIndex = tab.dataset.view === view ? 0 : -1;
            builder.hidden = outputs.hidden = view !== "form";
            source.hidden = output.hidden = view !== "json";
        }

        function makeTab(view, label) {
            const tab = element("button", {
                type: "button", role: "tab", class: "pm-tab", onclick: () => show(view),
                onkeydown: (event) => {
                    if (!["ArrowLeft", "ArrowRight"].includes(event.key)) return;
                    const other = tabs.find((one) => one !== tab);
                    show(other.dataset.view);
                    other.focus();
                },
            }, label);
            tab.dataset.view = view;
            return tab;
        }

        const tabs = [makeTab("form", "Form"), makeTab("json", "JSON")];
        const builder = element("div", {}, list, empty, adder);

        function showFaults(faults) {
            clearFaults(form);
            for (const fault of faults) {
                const root = fault.place === "output" ? outputs : fault.step === null ? builder : list.children[fault.step] || builder;
                showFault(root, fault.field, fault.message);
            }
        }

        // --- Beginning -----------------------------------------------------------------------------------------------

        function loadPlaces() {
            const account = form.querySelector("[name=account]");
            const query = account ? account.value : source.dataset.account || "";
            context.places = query ? fetch(`${source.dataset.places}?account=${encodeURIComponent(query)}`, { credentials: "same-origin" })
                .then((answer) => (answer.ok ? answer.json() : { images: [], storages: [] }))
                .then((places) => { state.places = places; preview?.setImages(places.images, query); }) : Promise.resolve();
            if (!query) preview?.setImages([], "");
        }

        async function begin() {
            const answer = await fetch(source.dataset.catalogue, { credentials: "same-origin" });
            if (!answer.ok) return;
            const catalogue = await answer.json();
            for (const one of catalogue.operations) {
                state.catalogue.set(one.name, one);
                chooser.append(element("option", { value: one.name, disabled: Boolean(one.missing) }, one.missing ? `${one.title} (not available here)` : one.title));
            }
            state.catalogueOutput = catalogue.output;
            const main = element("div", { class: "pm-builder" },
                element("div", { class: "pm-tabs", role: "tablist", ariaLabel: "How the recipe is shown" }, ...tabs), spoken, builder);
            source.before(element("div", { class: "pm-recipe" }, main, preview?.panel));
            main.append(source);
            output.before(outputs);
            loadPlaces();
            form.querySelector("[name=account]")?.addEventListener("change", () => { loadPlaces(); drawAll(); });
            for (const area of [source, output]) area.addEventListener("input", () => preview?.changed());
            show("form");
            const faults = [...JSON.parse(source.dataset.faults || "[]"), ...JSON.parse(output.dataset.faults || "[]")];
            if (faults.length) showFaults(faults);
            if (state.steps.length) preview?.changed();
        }

        begin();
    }

    function startAll() {
        document.querySelectorAll("textarea[data-chain=steps]").forEach(start);
    }

    if (document.readyState === "loading") document.addEventListener("DOMContentLoaded", startAll);
    else startAll();
})();
