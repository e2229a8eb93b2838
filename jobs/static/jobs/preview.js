// The preview beside a recipe: asked for when its steps have not changed for a moment, made by a worker.
(function () {
    "use strict";

    const { element, selectOf } = window.Photomill;
    const REST_MS = 700;
    const AGAIN_MS = 5000;
    const MOST_AGAIN = 3;
    const token = () => document.querySelector("[name=csrfmiddlewaretoken]").value;

    // Ask for one preview. Returns {status, body}; an abort is passed on.
    async function askPreview(url, fields, signal) {
        const data = new FormData();
        for (const [name, value] of Object.entries(fields)) if (value !== undefined && value !== null) data.append(name, value);
        const answer = await fetch(url, { method: "POST", body: data, credentials: "same-origin", redirect: "error", headers: { "X-CSRFToken": token() }, signal });
        let body = {};
        try { body = await answer.json(); } catch { /* a page, not an answer of ours */ }
        return { status: answer.status, body };
    }

    function describe(facts) {
        const size = facts.bytes < 1000 ? `${facts.bytes} B` : facts.bytes < 1e6 ? `${(facts.bytes / 1000).toFixed(1)} kB` : `${(facts.bytes / 1e6).toFixed(1)} MB`;
        return `${facts.width} × ${facts.height}, ${facts.format}, ${size}, ${facts.milliseconds} ms`;
    }

    // What a result lost of its source, or why there is none.
    function report(result) {
        if (result.error) return [element("p", { class: "pm-problem" }, result.error)];
        const losses = result.losses.map((loss) => element("li", {}, loss));
        return [element("p", { class: "pm-number" }, describe(result)),
            losses.length ? element("ul", { class: "pm-losses" }, ...losses) : element("p", { class: "pm-quiet" }, "Nothing is lost.")];
    }

    function picture(url, alt, width) {
        const one = element("img", { class: "pm-shown", src: url, alt });
        if (width) one.style.maxWidth = `min(100%, ${width}px)`;
        return one;
    }

    function startPreview(form, source, read, showFaults) {
        const url = source.dataset.preview;
        const said = element("p", { class: "pm-said", ariaLive: "polite" });
        const before = element("div", { class: "pm-frame pm-before" });
        const after = element("div", { class: "pm-frame" });
        const facts = element("div", { class: "pm-report" });
        const file = element("input", { type: "file", class: "pm-input", accept: "image/*", ariaLabel: "Picture of your own", hidden: true });
        file.hasChangeListener = true; // The theme's own would look for a text field beside it.
        const choice = selectOf([["", "the sample picture"]], "", { ariaLabel: "Picture for the preview" });
        const keep = element("button", { type: "button", class: "pm-button", hidden: true, onclick: keepPicture }, "Keep it as a reference image");
        const panel = element("aside", { class: "pm-preview", ariaLabel: "Preview" },
            element("div", { class: "pm-preview-head" }, element("b", {}, "Preview on"), choice, file, keep), said, before, after, facts);
        const kept = { account: "", upload: "", shownBefore: null, timer: 0, abort: null, again: 0 };

        // The picture that was uploaded becomes one of the account's, and is chosen as such.
        async function keepPicture() {
            keep.disabled = true;
            let answer = { status: 0, body: {} };
            try {
                answer = await askPreview(source.dataset.keep, { account: kept.account, upload: kept.upload, name: file.files[0]?.name });
            } catch { answer.body.message = "The server cannot be reached."; }
            keep.disabled = false;
            if (answer.status !== 200) return say(answer.body.message || "It could not be kept.", true);
            choice.prepend(element("option", { value: answer.body.id }, answer.body.name));
            choice.selectedIndex = 0;
            choice.dispatchEvent(new Event("change"));
            choice.focus();
        }

        function setImages(images, account) {
            kept.account = account;
            const options = [...images.map((image) => [image.id, image.name]), ["", "the sample picture"], ["upload", "a picture of your own …"]];
            choice.replaceChildren(...options.map(([value, label]) => element("option", { value }, label)));
            kept.shownBefore = null;
            if (images.length) choice.value = images[0].id;
            changed();
        }

        function changed() {
            clearTimeout(kept.timer);
            kept.again = 0;
            kept.timer = setTimeout(ask, REST_MS);
        }

        function say(text, isBad) {
            said.textContent = text;
            said.classList.toggle("pm-problem", Boolean(isBad));
        }

        async function ask() {
            const { steps, output } = read();
            if (!kept.account) return say("Choose the account first.");
            if (!steps || steps === "[]") return say("Shown as soon as there is a step.");
            if (choice.value === "upload" && !file.files.length && !kept.upload) return say("Choose a picture.");
            kept.abort?.abort();
            const abort = (kept.abort = new AbortController());
            say("A worker is at it …");
            panel.classList.add("pm-stale");
            const place = choice.value === "upload" ? { upload: kept.upload || undefined, file: kept.upload ? undefined : file.files[0] } : { reference: choice.value };
            const which = choice.value + (kept.upload || file.files[0]?.name || "");
            const wanted = kept.shownBefore === which ? {} : { before: "1" };
            let answer;
            try {
                answer = await askPreview(url, { account: kept.account, steps, output, ...place, ...wanted }, abort.signal);
            } catch (error) {
                if (error.name !== "AbortError") say("The server cannot be reached.", true);
                return;
            }
            panel.classList.remove("pm-stale");
            take(answer, which);
        }

        function take({ status, body }, which) {
            if (body.upload) kept.upload = body.upload;
            keep.hidden = choice.value !== "upload" || !kept.upload || status !== 200;
            if (status === 200) {
                say("");
                showFaults([]);
                if (body.before) {
                    before.replaceChildren(element("small", { class: "pm-help" }, "before"), picture(body.before, "The picture before"));
                    kept.shownBefore = choice.value + (kept.upload || "");
                }
                const result = body.results[0];
                after.replaceChildren(element("small", { class: "pm-help" }, "after"), ...(result.picture ? [picture(result.picture, "The picture after the steps", result.width)] : []));
                facts.replaceChildren(...report(result));
            } else if (status === 400 && body.faults) {
                say("Not shown: see the fields marked.", true);
                showFaults(body.faults);
            } else {
                say(body.message || "There is no preview.", true);
                // What takes too long for a preview would do so each time.
                if (status === 503 && ++kept.again <= MOST_AGAIN) kept.timer = setTimeout(ask, AGAIN_MS);
            }
        }

        choice.addEventListener("change", () => {
            file.hidden = choice.value !== "upload";
            keep.hidden = true;
            if (!file.hidden) file.focus();
            changed();
        });
        file.addEventListener("change", () => { kept.upload = ""; kept.shownBefore = null; changed(); });
        return { panel, changed, setImages };
    }

    Object.assign(window.Photomill, { startPreview, askPreview, report, picture });
})();
