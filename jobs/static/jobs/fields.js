// Form fields for values that the server describes: numbers, choices, colours, pictures, and groups of them.
// A field reads its value from holder[node.name] and writes it back there; what is the default is left out.
(function () {
    "use strict";

    const FAR = 1000000;
    let made = 0;

    function element(tag, attributes, ...children) {
        const one = document.createElement(tag);
        for (const [name, value] of Object.entries(attributes || {})) {
            if (value === undefined || value === null || value === false) continue;
            if (name.startsWith("on")) one.addEventListener(name.slice(2), value);
            else if (name === "class") one.className = value;
            else if (name in one && name !== "list") one[name] = value;
            else one.setAttribute(name, value);
        }
        one.append(...children.filter((child) => child !== undefined && child !== null));
        return one;
    }

    const same = (a, b) => canonical(a) === canonical(b);

    function canonical(value) {
        if (value === null || typeof value !== "object") return JSON.stringify(value);
        if (Array.isArray(value)) return `[${value.map(canonical)}]`;
        return `{${Object.keys(value).sort().map((name) => `${name}:${canonical(value[name])}`)}}`;
    }

    const clone = (value) => (value === undefined ? undefined : JSON.parse(JSON.stringify(value)));
    const held = (node, holder) => (holder[node.name] === undefined ? node.default : holder[node.name]);

    function write(node, holder, value, context) {
        const isDefault = value === undefined || (!node.required && "default" in node && same(value, node.default));
        if (isDefault) delete holder[node.name];
        else holder[node.name] = value;
        context.changed();
    }

    function selectOf(options, chosen, attributes) {
        const one = element("select", { class: "pm-input", ...attributes });
        for (const [value, label] of options) one.append(element("option", { value, selected: value === chosen }, label));
        return one;
    }

    function describeRange(node) {
        // A bound that nobody meets is not worth its words.
        const { min, max, above, below } = { ...node, ...(node.max >= FAR && { max: undefined }), ...(node.min <= -FAR && { min: undefined }) };
        const parts = [];
        if (min !== undefined && max !== undefined) parts.push(`${min} to ${max}`);
        else if (min !== undefined) parts.push(`from ${min}`);
        else if (above !== undefined) parts.push(`more than ${above}` + (max !== undefined ? `, at most ${max}` : ""));
        if (below !== undefined) parts.push(`less than ${below}`);
        return parts.join(", ");
    }

    // --- The kinds: each returns the control for a value --------------------------------------------------------

    function number(node, holder, context, attributes) {
        const value = held(node, holder);
        return element("input", {
            ...attributes, type: "number", class: "pm-input", step: node.whole ? "1" : "any", min: node.min, max: node.max,
            value: value ?? "", placeholder: node.optional ? "none" : "",
            oninput: (event) => {
                const text = event.target.value;
                write(node, holder, text === "" ? (node.optional ? null : undefined) : Number(text), context);
            },
        });
    }

    function text(node, holder, context, attributes) {
        return element(node.long ? "textarea" : "input", {
            ...attributes, class: "pm-input", value: held(node, holder) ?? "", maxLength: node.most || undefined,
            oninput: (event) => write(node, holder, event.target.value || undefined, context),
        });
    }

    function choice(node, holder, context, attributes) {
        const value = held(node, holder);
        const open = node.optional || value === undefined;
        const blank = open ? [["", node.optional ? "none" : "choose …"]] : [];
        return selectOf([...blank, ...node.options.map((option) => [option, option.replaceAll("_", " ")])], value ?? "", {
            ...attributes,
            onchange: (event) => write(node, holder, event.target.value || (node.optional ? null : undefined), context),
        });
    }

    function flag(node, holder, context, attributes) {
        if (node.optional) {
            const value = held(node, holder);
            return selectOf([["", "by itself"], ["true", "yes"], ["false", "no"]], value === null ? "" : String(value), {
                ...attributes,
                onchange: (event) => write(node, holder, event.target.value ? event.target.value === "true" : null, context),
            });
        }
        return element("input", {
            ...attributes, type: "checkbox", checked: Boolean(held(node, holder)),
            onchange: (event) => write(node, holder, event.target.checked, context),
        });
    }

    function color(node, holder, context, attributes) {
        const value = held(node, holder);
        const input = element("input", {
            ...attributes, type: "color", class: "pm-color", value: value ?? "#ffffff", disabled: node.optional && !value,
            oninput: (event) => write(node, holder, event.target.value, context),
        });
        if (!node.optional) return input;
        const on = element("input", {
            type: "checkbox", checked: Boolean(value), ariaLabel: `${node.label}: set`,
            onchange: () => {
                input.disabled = !on.checked;
                write(node, holder, on.checked ? input.value : null, context);
            },
        });
        return element("span", { class: "pm-row" }, on, input);
    }

    function several(node, holder, context) {
        const chosen = new Set(held(node, holder) || []);
        return element("span", { class: "pm-row" }, ...node.options.map((option) => element("label", { class: "pm-tick" },
            element("input", {
                type: "checkbox", checked: chosen.has(option),
                onchange: (event) => {
                    if (event.target.checked) chosen.add(option);
                    else chosen.delete(option);
                    write(node, holder, node.options.filter((one) => chosen.has(one)), context);
                },
            }), option)));
    }

    function lines(node, holder, context, attributes) {
        return element("textarea", {
            ...attributes, class: "pm-input", rows: 2, value: (held(node, holder) || []).join("\n"), placeholder: "one a line",
            oninput: (event) => {
                const found = event.target.value.split("\n").map((line) => line.trim()).filter(Boolean);
                write(node, holder, found, context);
            },
        });
    }

    // A picture beside the source: where it lies decides what else is asked.
    function picture(node, holder, context, attributes, path) {
        const box = element("div", { class: "pm-stacked" });
        const draw = () => {
            const value = held(node, holder);
            const kinds = [["reference", "a reference image"], ["storage", "a storage"], ["web", "an address"]];
            if (value && value.kind === "house") kinds.push(["house", "kept from an earlier version"]);
            const where = selectOf([["", node.optional ? "none" : "choose …"], ...kinds], value ? value.kind : "", {
                ...attributes,
                onchange: () => {
                    const kind = where.value;
                    write(node, holder, kind ? { kind, location: "" } : node.optional ? null : undefined, context);
                    draw();
                    box.querySelector("select, input").focus();
                },
            });
            box.replaceChildren(where, ...(value ? pictureParts(node, holder, value, context, path) : []));
        };
        context.places.then(draw);
        draw();
        return box;
    }

    function pictureParts(node, holder, value, context, path) {
        const places = context.known();
        const change = (part) => write(node, holder, { ...held(node, holder), ...part }, context);
        const location = element("input", {
            class: "pm-input", value: value.location, ariaLabel: value.kind === "web" ? "Address" : "Path in the storage",
            placeholder: value.kind === "web" ? "https://…" : "folder/name.png",
            oninput: () => change({ location: location.value }),
        });
        if (value.kind === "reference") {
            const options = places.images.map((image) => [image.id, image.name]);
            if (!options.some(([id]) => id === value.location)) options.unshift([value.location, value.location || "choose …"]);
            return [marked(path, "location", selectOf(options, value.location, {
                ariaLabel: "Reference image", onchange: (event) => change({ location: event.target.value }),
            }))];
        }
        if (value.kind === "storage") {
            const options = [["", "choose …"], ...places.storages.map((one) => [String(one.id), one.name])];
            const which = selectOf(options, String(value.storage_id ?? ""), {
                ariaLabel: "Storage", onchange: () => change({ storage_id: which.value ? Number(which.value) : null }),
            });
            return [marked(path, "storage_id", which), marked(path, "location", location)];
        }
        return [marked(path, "location", location)];
    }

    function marked(path, name, control) {
        control.dataset.path = `${path}.${name}`;
        return control;
    }

    const isPlain = (node) => ["number", "choice", "flag", "color", "text"].includes(node.kind) && !node.long;
    const isLength = (node) => node.kind === "group" && node.fields[0].name === "value";

    // A number with its unit, on one line. Without a number an optional one is none.
    function length(node, holder, context, attributes, path) {
        const inner = clone(held(node, holder)) || {};
        const [value, ...units] = node.fields;
        const update = () => {
            if (inner.value === undefined && "default" in value) inner.value = value.default;
            const empty = inner.value === undefined || inner.value === null;
            write(node, holder, empty ? (node.optional ? null : undefined) : clone(inner), context);
            sides.forEach((select, index) => { select.hidden = units[index].name === "of" && (inner.unit ?? "px") === "px"; });
        };
        const within = { ...context, changed: update };
        const sides = units.map((unit) => marked(path, unit.name, choice(unit, inner, within, { ariaLabel: `${node.label}: ${unit.label.toLowerCase()}` })));
        const first = marked(path, "value", number({ ...value, optional: node.optional || value.optional }, inner, {
            ...context, changed: () => { if (inner.value === null) delete inner.value; update(); },
        }, attributes));
        sides.forEach((select, index) => { select.hidden = units[index].name === "of" && (inner.unit ?? "px") === "px"; });
        return element("span", { class: "pm-row pm-length" }, first, ...sides);
    }

    function group(node, holder, context, attributes, path) {
        const box = element("div", { class: "pm-group" });
        const draw = () => {
            const value = held(node, holder);
            const isOn = !node.optional || (value !== null && value !== undefined);
            const inner = clone(value) || {};
            const within = { ...context, changed: () => write(node, holder, clone(inner), context) };
            const fields = isOn ? node.fields.map((field) => build(field, inner, within, `${path}.${field.name}`)) : [];
            const grid = element("div", { class: node.fields.every(isPlain) ? "pm-fields pm-tight" : "pm-fields" }, ...fields);
            const toggle = node.optional && element("label", { class: "pm-tick" }, element("input", {
                ...attributes, type: "checkbox", checked: isOn,
                onchange: (event) => { write(node, holder, event.target.checked ? {} : null, context); draw(); box.querySelector("input").focus(); },
            }), "set");
            box.replaceChildren(...[toggle, isOn && grid].filter(Boolean));
        };
        draw();
        return box;
    }

    // One of several kinds: the words of its choices, a colour, or a group.
    function either(node, holder, context, attributes, path) {
        const box = element("div", { class: "pm-stacked" });
        const others = node.choices.filter((one) => one.kind !== "choice");
        const words = node.choices.filter((one) => one.kind === "choice").flatMap((one) => one.options);
        const fits = { color: (value) => typeof value === "string", group: (value) => value && typeof value === "object" };
        const draw = () => {
            const value = held(node, holder);
            const isWord = words.includes(value);
            const index = value === null || value === undefined || isWord ? -1 : others.findIndex((one) => fits[one.kind]?.(value));
            const options = [
                ...(node.optional || value === undefined ? [["", node.optional ? "none" : "choose …"]] : []),
                ...words.map((word) => [`w${word}`, word.replaceAll("_", " ")]),
                ...others.map((one, place) => [`o${place}`, one.kind === "color" ? "a colour" : "a size of its own"]),
            ];
            const which = selectOf(options, isWord ? `w${value}` : index >= 0 ? `o${index}` : "", {
                ...attributes,
                onchange: () => {
                    const chosen = which.value;
                    const fresh = chosen.startsWith("o") && (others[Number(chosen.slice(1))].kind === "color" ? "#ffffff" : {});
                    write(node, holder, chosen === "" ? (node.optional ? null : undefined) : chosen.startsWith("w") ? chosen.slice(1) : fresh, context);
                    draw();
                    box.querySelector("select").focus();
                },
            });
            const inner = index >= 0 && { ...others[index], name: node.name, label: node.label, required: true, help: "" };
            box.replaceChildren(...[which, inner && KINDS[inner.kind](inner, holder, context, { ariaLabel: node.label }, path)].filter(Boolean));
        };
        draw();
        return box;
    }

    const KINDS = { number, text, choice, flag, color, several, lines, picture, group, either };

    function build(node, holder, context, path) {
        const id = `pm-field-${++made}`;
        const range = node.kind === "number" ? describeRange(node) : isLength(node) ? describeRange(node.fields[0]) : "";
        const help = [node.help, range && `(${range})`].filter(Boolean).join(" ");
        const attributes = { id, "aria-describedby": help ? `${id}-help` : undefined };
        const draw = isLength(node) ? length : KINDS[node.kind];
        const control = draw(node, holder, context, attributes, path);
        const wide = ["group", "several", "lines"].includes(node.kind) && !isLength(node);
        const label = element(wide && node.kind !== "lines" ? "span" : "label", { class: "pm-label", htmlFor: wide && node.kind !== "lines" ? undefined : id },
            node.label, node.required ? element("abbr", { title: "required", class: "pm-needed" }, " *") : null);
        const box = element(wide && node.kind !== "lines" ? "fieldset" : "div", { class: `pm-field${wide ? " pm-wide" : ""}${node.kind === "flag" && !node.optional ? " pm-flag" : ""}` },
            label, control, help && element("small", { id: `${id}-help`, class: "pm-help" }, help));
        if (box.tagName === "FIELDSET") box.setAttribute("aria-label", node.label);
        box.dataset.path = path;
        return box;
    }

    // The field that a path names, or the nearest around it.
    function find(root, path) {
        for (let parts = path.split("."); parts.length && parts[0]; parts = parts.slice(0, -1)) {
            const found = [...root.querySelectorAll("[data-path]")].find((one) => one.dataset.path === parts.join("."));
            if (found) return found;
        }
        return null;
    }

    function clearFaults(root) {
        root.querySelectorAll(".pm-fault").forEach((one) => one.remove());
        root.querySelectorAll("[aria-invalid]").forEach((one) => one.removeAttribute("aria-invalid"));
    }

    function showFault(root, path, message) {
        const place = find(root, path) || root;
        const control = place.matches("input, select, textarea") ? place : place.querySelector("input, select, textarea");
        if (place !== root && control) control.setAttribute("aria-invalid", "true");
        const box = place.closest(".pm-field") || place;
        box.append(element("p", { class: "pm-fault", role: "alert" }, message));
    }

    window.Photomill = { ...window.Photomill, element, selectOf, buildField: build, showFault, clearFaults };
})();
