// Follows a job that runs: moves its bar, and shows the page anew when the job has ended.
(function () {
    "use strict";

    const GAP_MS = 1500;
    const LONGEST_GAP_MS = 15000;

    function show(box, job) {
        const whole = Math.max(job.items_total, 1);
        const [good, bad] = box.querySelectorAll(".pm-bar > i");
        good.style.width = `${(100 * (job.items_ended - job.items_failed)) / whole}%`;
        bad.style.width = `${(100 * job.items_failed) / whole}%`;
        bad.hidden = job.items_failed === 0;
        const failed = job.items_failed ? `, ${job.items_failed} failed` : "";
        const total = job.is_sealed ? job.items_total : `${job.items_total} so far`;
        box.querySelector("p").textContent = `${job.items_ended} of ${total}${failed}; ${job.outputs_stored} results`;
    }

    async function follow(box, gap) {
        let next = gap;
        try {
            const answer = await fetch(box.dataset.progress, { credentials: "same-origin", redirect: "error" });
            if (answer.status === 404 || answer.status === 403) return;
            if (answer.ok) {
                const job = await answer.json();
                if (job.is_finished) {
                    location.reload();
                    return;
                }
                show(box, job);
                next = GAP_MS;
            } else next = Math.min(gap * 2, LONGEST_GAP_MS);
        } catch {
            next = Math.min(gap * 2, LONGEST_GAP_MS);
        }
        setTimeout(() => follow(box, next), next);
    }

    function begin() {
        document.querySelectorAll("[data-progress]").forEach((box) => follow(box, GAP_MS));
    }

    if (document.readyState === "loading") document.addEventListener("DOMContentLoaded", begin);
    else begin();
})();
