// schemathesis against the running server, by the OpenAPI document that the server itself serves: no 5xx, no answer that the document does not describe.
// It knows no call by name: a new call is tested because it stands in the document. Each call is a test of its own here.
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { container } from "../support/agent.mjs";
import { cache } from "../support/paths.mjs";
import { Server } from "../support/server.mjs";

const EXAMPLES = Number(process.env.PITLANE_CONTRACT_EXAMPLES ?? 60);
const CHECKS = "not_a_server_error,status_code_conformance,content_type_conformance,response_headers_conformance,response_schema_conformance,ignored_auth";

test("the server keeps to the document it serves", async (t) => {
  const server = await Server.start({ name: "contract" });
  const folder = mkdtempSync(join(tmpdir(), "pitlane-contract-"));
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  t.after(() => server.stop());

  // Several nodes in different states, so that calls find something; one of them is drained.
  const agents = [];
  for (const name of ["fuzz-1", "fuzz-2", "fuzz-3"]) {
    agents.push(await server.agent({ name, containers: [container({ service: "db", volumes: ["pgdata"] })] }));
  }
  const api = await server.api("admin");
  const drained = await api.drain(agents[0].id);
  assert.equal(drained.status, 202, JSON.stringify(drained.body));

  const report = join(folder, "junit.xml");
  const config = join(folder, "schemathesis.toml");
  const values = (list) => `values = ${JSON.stringify(list)}`;
  writeFileSync(
    config,
    `request-timeout = 20
max-stream-events = 3

[dictionaries.node-ids]
${values(agents.map(({ id }) => id))}
[dictionaries.operation-ids]
${values([drained.body.data.id])}
[dictionaries.if-match]
${values(["*"])}

[parameters]
"path.id" = { dictionary = "node-ids", probability = 0.7 }
"path.op" = { dictionary = "operation-ids", probability = 0.7 }
"header.If-Match" = { dictionary = "if-match", probability = 0.7 }

[reports.junit]
enabled = true
path = ${JSON.stringify(report)}

# Streams do not end; they have tests of their own.
[[operations]]
include-path-regex = "/events$"
enabled = false

# Open to this machine's own monitoring, by design.
[[operations]]
include-path = "/metrics"
checks.ignored_auth.enabled = false
`,
  );
  const args = ["--config-file", config, "run", `${server.url}/api/v1/openapi.json`];
  args.push("--checks", CHECKS, "--phases", "examples,coverage,fuzzing,stateful", "--max-examples", String(EXAMPLES));
  args.push("--header", `Authorization: Bearer ${api.token}`, "--generation-database", "none", "--no-color");
  args.push("--continue-on-failure", "--workers", "1", "--suppress-health-check", "all");
  const { output, code } = await run(join(cache, "tools/schemathesis/bin/st"), args, folder);

  const cases = readCases(report);
  for (const { name, failure } of cases) {
    await t.test(name, () => assert.ok(!failure, failure));
  }
  assert.ok(cases.length > 15, `only ${cases.length} calls were tested:\n${output}`);
  assert.equal(code, 0, output.slice(-6000));
});

function run(program, args, cwd) {
  return new Promise((resolve, reject) => {
    const child = spawn(program, args, { cwd, stdio: ["ignore", "pipe", "pipe"] });
    let output = "";
    child.stdout.on("data", (chunk) => (output += chunk));
    child.stderr.on("data", (chunk) => (output += chunk));
    child.once("error", reject);
    child.once("close", (code) => resolve({ output, code }));
  });
}

const unescape = (text) =>
  text.replace(/&#(\d+);/g, (_, code) => String.fromCodePoint(Number(code))).replaceAll("&lt;", "<").replaceAll("&gt;", ">").replaceAll("&quot;", '"').replaceAll("&amp;", "&");

/** The test cases of a JUnit report: a call each, with what went wrong if anything did. */
function readCases(path) {
  const xml = readFileSync(path, "utf8");
  return [...xml.matchAll(/<testcase ([^>]*?)(?:\/>|>([\s\S]*?)<\/testcase>)/g)].map(([, attributes, inside = ""]) => {
    const failure = inside.match(/<(?:failure|error)[^>]*?(?:message="([^"]*)"[^>]*)?(?:\/>|>([\s\S]*?)<\/(?:failure|error)>)/);
    return {
      name: unescape(attributes.match(/name="([^"]*)"/)[1]),
      failure: failure ? unescape(`${failure[1] ?? ""}\n${failure[2] ?? ""}`) : undefined,
    };
  });
}
