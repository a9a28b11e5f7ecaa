// What MCP's own TypeScript SDK gets from a server: each thing it was told, as one JSON object on standard output.
//   node mcp_client.mjs SDK_FOLDER URL [TOKEN]
import path from "node:path";
import { pathToFileURL } from "node:url";

const [sdk, url, token] = process.argv.slice(2);
const part = (name) => import(pathToFileURL(path.join(sdk, "dist", "esm", ...name.split("/"))).href);
const { Client } = await part("client/index.js");
const { StreamableHTTPClientTransport } = await part("client/streamableHttp.js");
const { CreateMessageRequestSchema, ElicitRequestSchema } = await part("types.js");

const client = new Client(
  { name: "look", version: "1" },
  { capabilities: { elicitation: {}, sampling: {} } },
);
const asked = [];
client.setRequestHandler(ElicitRequestSchema, async ({ params }) => {
  asked.push([params.message, params.requestedSchema]);
  return { action: "accept", content: { username: "ada", email: "ada@example.test" } };
});
client.setRequestHandler(CreateMessageRequestSchema, async ({ params }) => {
  asked.push(params.messages);
  return { role: "assistant", model: "none", content: { type: "text", text: "Fine weather." } };
});

const headers = token ? { Authorization: `Bearer ${token}` } : {};
await client.connect(new StreamableHTTPClientTransport(new URL(url), { requestInit: { headers } }));
const told = {};
const call = (name, args = {}, options = undefined) => client.callTool({ name, arguments: args }, undefined, options);
const failure = (error) => ({ code: error.code ?? error.name });

const { tools } = await client.listTools();
told.tools = tools
  .filter((tool) => !tool.name.startsWith("interlock_"))
  .sort((one, other) => (one.name < other.name ? -1 : 1));
told.echo = await call("echo", { text: "ärgerlich \u{1F600}" });
told.mixed = await call("test_multiple_content_types");
told.error = await call("test_error_handling");
told.unknown = await call("no_such_tool").catch(failure);
const steps = [];
told.progress = await call("test_tool_with_progress", {}, { onprogress: (step) => steps.push(step) });
told.steps = steps;
told.elicited = await call("test_elicitation", { message: "Who?" });
told.sampled = await call("test_sampling", { prompt: "How is the weather?" });
told.asked = asked;
const leaving = new AbortController();
const slow = call("slow", { seconds: 50 }, { signal: leaving.signal, onprogress: () => {} });
setTimeout(() => leaving.abort("enough"), 500);
told.cancelled = await slow.then(() => "it came", () => "it was given up");
told.after = await call("echo", { text: "still here" });
told.resources = await client.listResources();
told.templates = await client.listResourceTemplates();
told.text = await client.readResource({ uri: "test://static-text" });
told.binary = await client.readResource({ uri: "test://static-binary" });
told.template = await client.readResource({ uri: "test://template/7/data" });
told.prompts = await client.listPrompts();
told.prompt = await client.getPrompt({ name: "test_prompt_with_arguments", arguments: { arg1: "a", arg2: "b" } });
told.completion = await client.complete({
  ref: { type: "ref/prompt", name: "test_prompt_with_arguments" },
  argument: { name: "arg1", value: "par" },
});
await client.close();
console.log(JSON.stringify(told));
