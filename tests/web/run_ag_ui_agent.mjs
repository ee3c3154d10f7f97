// Runs an agent with the client of AG-UI, as a page does, and validates each event by its schema.
// Arguments: the folder of the packages, the agent's URL. Input: JSON with `messages` and `tools`.
import { createRequire } from "node:module";
import { readFileSync } from "node:fs";

const require = createRequire(`${process.argv[2]}/@ag-ui/client/package.json`);
const { HttpAgent } = require("@ag-ui/client");
const { EventSchemas } = require("@ag-ui/core/schemas");

const { messages, tools, resume } = JSON.parse(readFileSync(0, "utf8"));
const agent = new HttpAgent({ url: process.argv[3], threadId: "thread", initialMessages: messages });
const problems = [];
const events = [];
let error = null;
try {
  await agent.runAgent(
    { runId: "run", tools, resume },
    {
      onEvent: ({ event }) => {
        events.push(event.type);
        const parsed = EventSchemas.safeParse(event);
        if (!parsed.success) problems.push(JSON.stringify(parsed.error.issues));
      },
      onRunErrorEvent: ({ event }) => { error = event.message; },
    },
  );
} catch (failure) {
  error = error ?? String(failure);
}
console.log(JSON.stringify({ events, problems, error, messages: agent.messages, state: agent.state }));
