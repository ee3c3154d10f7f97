// Validates UI message streams with the schema of the `ai` package, and reads the message of each.
// Arguments: the folder of the packages. Input: a JSON list of response bodies.
import { createRequire } from "node:module";
import { readFileSync } from "node:fs";

const require = createRequire(`${process.argv[2]}/ai/package.json`);
const { parseJsonEventStream, readUIMessageStream, uiMessageChunkSchema } = require("ai");

const results = [];
for (const body of JSON.parse(readFileSync(0, "utf8"))) {
  const chunks = [];
  const problems = [];
  const bytes = new Blob([body]).stream();
  for await (const part of parseJsonEventStream({ stream: bytes, schema: uiMessageChunkSchema })) {
    if (part.success) chunks.push(part.value);
    else problems.push(String(part.error));
  }
  const stream = new ReadableStream({
    start(controller) {
      chunks.forEach((chunk) => controller.enqueue(chunk));
      controller.close();
    },
  });
  let message = null;
  const onError = (error) => {
    if (!chunks.some((chunk) => chunk.errorText === error.message)) problems.push(String(error));
  };
  for await (const state of readUIMessageStream({ stream, onError })) message = state;
  results.push({ count: chunks.length, problems, message });
}
console.log(JSON.stringify(results));
