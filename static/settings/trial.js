// @ts-check
// A test's answer beside its button, while everything typed stays. Without script the same form brings the same answer on a new page.

import { t } from "lib/i18n";

/** @param {Document} page */
export function testsInPlace(page) {
  page.addEventListener("submit", (event) => {
    const button = /** @type {HTMLButtonElement | null} */ (event.submitter);
    if (!button?.dataset.try) return;
    event.preventDefault();
    if (button.getAttribute("aria-disabled") !== "true") void test(/** @type {HTMLFormElement} */ (event.target), button);
  });
}

/** @param {HTMLFormElement} form @param {HTMLButtonElement} button */
async function test(form, button) {
  const place = document.getElementById(button.dataset.try ?? "");
  if (!place) return;
  const waiting = document.createElement("p");
  waiting.className = "hint";
  waiting.textContent = t("form.testing");
  place.replaceChildren(waiting);
  button.setAttribute("aria-disabled", "true");
  try {
    const body = new URLSearchParams(/** @type {any} */ (new FormData(form, button)));
    const response = await fetch(button.hasAttribute("formaction") ? button.formAction : form.action, { method: "POST", body });
    const answered = new DOMParser().parseFromString(await response.text(), "text/html");
    const answer = answered.getElementById(place.id);
    // Signed out meanwhile: the page that came knows the way.
    if (!answer) return location.assign(response.url);
    place.replaceChildren(...answer.childNodes);
    mark(button.dataset.field, answered);
  } catch {
    waiting.textContent = t("form.test_lost");
  } finally {
    button.removeAttribute("aria-disabled");
  }
}

/** Whether the tested field is refused, as the answer says. @param {string | undefined} id @param {Document} answered */
function mark(id, answered) {
  const field = id && document.getElementById(id);
  const said = id && answered.getElementById(id);
  if (!field || !said) return;
  for (const name of ["aria-invalid", "aria-describedby"]) {
    const value = said.getAttribute(name);
    if (value === null) field.removeAttribute(name);
    else field.setAttribute(name, value);
  }
}
