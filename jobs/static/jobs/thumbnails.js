// Loads the thumbnails that come into view. One that is still being made is asked for again with growing gaps.
(function () {
    "use strict";

    const FIRST_GAP_MS = 500;
    const LONGEST_MS = 30000;
    const BROKEN = "data:image/svg+xml," + encodeURIComponent(
        '<svg xmlns="http://www.w3.org/2000/svg" width="120" height="90"><rect width="120" height="90" fill="#9993"/>' +
        '<path d="M40 30h40v30H40zM40 30l40 30M80 30L40 60" fill="none" stroke="#999a" stroke-width="3"/></svg>');

    function giveUp(image, why) {
        image.src = BROKEN;
        image.title = why;
        image.dataset.state = "broken";
    }

    async function show(image, answer) {
        image.src = URL.createObjectURL(await answer.blob());
        image.dataset.state = "shown";
    }

    async function ask(image, gap, spent) {
        let answer;
        try {
            answer = await fetch(image.dataset.thumbnail, { credentials: "same-origin", redirect: "error" });
        } catch {
            giveUp(image, "The server cannot be reached.");
            return;
        }
        if (answer.status === 200) {
            await show(image, answer);
        } else if ((answer.status === 202 || answer.status === 503) && spent + gap <= LONGEST_MS) {
            setTimeout(() => ask(image, gap * 1.6, spent + gap), gap);
        } else {
            giveUp(image, answer.status === 404 ? "This picture cannot be shown." : "No worker has made this thumbnail.");
        }
    }

    function begin() {
        const seen = new IntersectionObserver((entries) => {
            for (const entry of entries) {
                if (entry.isIntersecting) {
                    seen.unobserve(entry.target);
                    ask(entry.target, FIRST_GAP_MS, 0);
                }
            }
        }, { rootMargin: "200px" });
        document.querySelectorAll("img[data-thumbnail]").forEach((image) => seen.observe(image));
    }

    if (document.readyState === "loading") {
        document.addEventListener("DOMContentLoaded", begin);
    } else {
        begin();
    }
})();
