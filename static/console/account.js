// @ts-check
/**
 * The account menu on every page for agents: a theme shows at once and is told to the server behind the scenes; a
 * language needs the page anew. Without this script the form has its own button.
 */

const form = /** @type {HTMLFormElement | null} */ (document.getElementById("preferences"));

if (form) {
  for (const button of form.querySelectorAll("[data-without-script]")) button.remove();
  form.addEventListener("change", (event) => {
    const field = /** @type {HTMLSelectElement} */ (event.target);
    if (field.name === "theme") {
      if (field.value === "auto") delete document.documentElement.dataset.theme;
      else document.documentElement.dataset.theme = field.value;
      // Failing, the theme holds for this page only: nothing worth a word.
      fetch(form.action, { method: "POST", body: new URLSearchParams(/** @type {any} */ (new FormData(form))), redirect: "manual" }).catch(() => {});
    } else {
      form.requestSubmit();
    }
  });
}
