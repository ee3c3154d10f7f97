// Runs the script of docs/places/web.md with an EventSource that is fed the events of standard input.
import { readFileSync } from "node:fs";

let closed = false;
class EventSource {
  constructor() {
    EventSource.made = this;
  }
  close() {
    closed = true;
  }
}
const output = { textContent: "" };
new Function("EventSource", "output", process.argv[3])(EventSource, output);
for (const data of readFileSync(0, "utf8").split("\n")) EventSource.made.onmessage({ data });
console.log(JSON.stringify({ output: output.textContent, closed }));
