// The official client of the Model Context Protocol against the real program. It checks every answer
// against the protocol's schemas, and structured results against the tools' own.
// Arguments: program, data directory, the number of a study in it. Last line: "N passed, N failed".
import { Client } from "@modelcontextprotocol/sdk/client/index.js";
import { StdioClientTransport } from "@modelcontextprotocol/sdk/client/stdio.js";

const [program, data, nct] = process.argv.slice(2);
let passed = 0, failed = 0;
function check(name, good, detail) {
  if (good) { passed++; return; }
  failed++;
  console.log("FAIL " + name + (detail === undefined ? "" : ": " + JSON.stringify(detail).slice(0, 500)));
}

const transport = new StdioClientTransport({ command: program, args: ["--data", data, "mcp"], stderr: "inherit" });
const client = new Client({ name: "trialhead-tests", version: "1" });
await client.connect(transport);
check("server", client.getServerVersion().name === "trialhead", client.getServerVersion());
check("instructions", client.getInstructions().includes("NCT"));
await client.ping();

const { tools } = await client.listTools();
const names = tools.map((t) => t.name).sort();
check("tools", ["complete_name", "count_facets", "get_changes", "get_study", "search_studies", "suggest_spelling"].every((n) => names.includes(n)), names);
for (const t of tools) {
  check(t.name + " is described", t.title && t.description && t.annotations.readOnlyHint === true, t);
  check(t.name + " has schemas", t.inputSchema.type === "object" && t.outputSchema.type === "object", t);
}

const calls = {
  search_studies: { terms: "placebo", statuses: ["COMPLETED"], page_size: 3 },
  get_study: { nct_id: nct },
  count_facets: { facets: ["Phase", "StartDate:year", "EnrollmentCount:0-100"] },
  complete_name: { text: "a", kinds: ["condition"], count: 2 },
  suggest_spelling: { text: "plaecbo" },
  get_changes: { since: 0, limit: 2 },
  explain_match: { nct_id: nct, terms: "placebo" },
};
for (const name of names) {
  const result = await client.callTool({ name, arguments: calls[name] });
  check(name + " answers", !result.isError && result.structuredContent && result.content[0].text.length > 0, result);
}
const study = await client.callTool({ name: "get_study", arguments: { nct_id: nct, sections: ["eligibility"] } });
check("sections", study.structuredContent.protocolSection.eligibilityModule && !study.structuredContent.protocolSection.designModule, study);
for (const [name, args] of [["get_study", { nct_id: "NCT99999999" }], ["get_study", {}], ["search_studies", { foo: 1 }],
                            ["search_studies", { condition: "(a" }], ["search_studies", { page_size: 1e9 }],
                            ["get_changes", { since: 123456789 }], ["count_facets", { facets: ["Nope"] }]]) {
  const result = await client.callTool({ name, arguments: args });
  check(name + " refuses " + JSON.stringify(args), result.isError && result.content[0].text.length > 5, result);
}
let refused = false;
try { await client.callTool({ name: "no_such_tool", arguments: {} }); } catch (e) { refused = e.code === -32602; }
check("an unknown tool is an error of the protocol", refused);
const many = await Promise.all(Array.from({ length: 50 }, (_, i) =>
  client.callTool({ name: "complete_name", arguments: { text: String.fromCharCode(97 + (i % 26)) } })));
check("many at once", many.every((r) => !r.isError));
const controller = new AbortController();
const aborted = client.callTool({ name: "count_facets", arguments: {} }, undefined, { signal: controller.signal });
controller.abort();
check("a call can be cancelled", await aborted.then(() => false, () => true));
await client.ping();
await client.close();
console.log(passed + " passed, " + failed + " failed");
process.exit(failed ? 1 : 0);
