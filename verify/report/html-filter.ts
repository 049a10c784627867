/** The page's only script, as text: shows the checks that fit what was chosen, and opens all of them while it is printed. */
export const filterScript = `
const all = [...document.querySelectorAll("details.check")];
const form = document.querySelector("form");
const shown = document.querySelector("#shown");
function apply() {
  const words = form.text.value.toLowerCase().split(/\\s+/).filter(Boolean);
  const outcomes = [...form.querySelectorAll("input[name=outcome]")].filter((box) => box.checked).map((box) => box.value);
  const fits = (check) =>
    outcomes.includes(check.dataset.outcome) &&
    (form.plane.value === "" || form.plane.value === check.dataset.plane) &&
    (form.claim.value === "" || check.dataset.claims.split(" ").includes(form.claim.value)) &&
    words.every((word) => check.textContent.toLowerCase().includes(word));
  for (const check of all) check.hidden = !fits(check);
  shown.textContent = all.filter((check) => !check.hidden).length + " of " + all.length + " checks";
}
form.addEventListener("input", apply);
form.addEventListener("reset", () => setTimeout(apply));
form.addEventListener("submit", (event) => event.preventDefault());
let closed = [];
addEventListener("beforeprint", () => {
  closed = [...document.querySelectorAll("details:not([open])")];
  for (const part of closed) part.open = true;
});
addEventListener("afterprint", () => { for (const part of closed) part.open = false; });
apply();
`;
