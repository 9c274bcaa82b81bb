// Pages against the HTML standard: html.mjs FOLDER. A line "ok FILE" or "not ok FILE: faults" for each
// file of the folder. Rules are those of html-validate's "standard" and "document"; called by tests/web/run.
import { readdirSync, readFileSync } from "node:fs";
import { HtmlValidate } from "html-validate";

const folder = process.argv[2];
const checker = new HtmlValidate({
  root: true,
  extends: ["html-validate:standard", "html-validate:document", "html-validate:a11y"],
  // The tool takes <details> for sectioning content, which HTML does not: a <dt> may hold one.
  elements: ["html5", { details: { flow: true, sectioning: false, interactive: true } }],
  rules: {
    "require-sri": ["error", { target: "crossorigin", exclude: ["http://127.0.0.1"] }], // ours come from the same server
    "aria-label-misuse": ["error", { allowAnyNamable: true }], // a list may have a name
  },
});
let failures = 0;
for (const file of readdirSync(folder).sort()) {
  const report = await checker.validateString(readFileSync(`${folder}/${file}`, "utf8"), file);
  const faults = new Map(); // the first of each rule
  for (const { ruleId, line, column, message } of report.results.flatMap((result) => result.messages))
    if (!faults.has(ruleId)) faults.set(ruleId, `${ruleId} ${line}:${column} ${message}`);
  if (faults.size) failures++;
  console.log(faults.size ? `not ok ${file}: ${[...faults.values()].join(" | ")}` : `ok ${file}`);
}
process.exit(failures ? 1 : 0);
