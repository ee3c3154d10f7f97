// useChat, useObject and EventSource as their documentation shows them: nothing is of this library.
import { experimental_useObject as useObject, useChat } from "@ai-sdk/react";
import {
  DefaultChatTransport,
  lastAssistantMessageIsCompleteWithApprovalResponses as approved,
  lastAssistantMessageIsCompleteWithToolCalls as answered,
} from "ai";
import { useState } from "react";
import { createRoot } from "react-dom/client";
import { z } from "zod";

function Part({ part, approve }) {
  switch (part.type) {
    case "text":
      return <span className="text">{part.text}</span>;
    case "reasoning":
      return <p className="reasoning">{part.text}</p>;
    case "source-url":
      return <a href={part.url}>{part.title ?? part.url}</a>;
    case "file":
      return <img src={part.url} alt="" />;
  }
  if (!part.type.startsWith("tool-")) return null;
  return (
    <div className="tool">
      {part.type.slice(5)}({JSON.stringify(part.input)}) {part.state}
      {part.state === "output-available" && ` -> ${JSON.stringify(part.output)}`}
      {part.state === "approval-requested" && (
        <>
          <button className="yes" onClick={() => approve({ id: part.approval.id, approved: true })}>Allow</button>
          <button className="no" onClick={() => approve({ id: part.approval.id, approved: false })}>Deny</button>
        </>
      )}
    </div>
  );
}

function Chat() {
  const [input, setInput] = useState("");
  const chat = useChat({
    transport: new DefaultChatTransport({ api: "/api/chat" }),
    sendAutomaticallyWhen: (all) => approved(all) || answered(all),
    onToolCall: ({ toolCall: { toolName, toolCallId } }) => {
      if (toolName === "window_width")
        chat.addToolOutput({ tool: toolName, toolCallId, output: window.innerWidth });
    },
  });
  const { messages, sendMessage, status, stop, error, addToolApprovalResponse } = chat;
  const send = (event) => {
    event.preventDefault();
    sendMessage({ text: input });
    setInput("");
  };
  return (
    <section id="chat" data-status={status}>
      <h2>useChat</h2>
      {messages.map((message) => (
        <article key={message.id} className={message.role}>
          {message.parts.map((part, at) => (
            <Part key={at} part={part} approve={addToolApprovalResponse} />
          ))}
          {message.metadata?.usage && (
            <div className="usage">{message.metadata.usage.totalTokens} tokens</div>
          )}
        </article>
      ))}
      {error && <p className="error">{error.message}</p>}
      <form onSubmit={send}>
        <input value={input} onChange={(event) => setInput(event.target.value)} />
        <button className="send">Send</button>
        <button type="button" className="stop" onClick={stop}>Stop</button>
      </form>
    </section>
  );
}

const book = z.object({ title: z.string(), author: z.string(), reasons: z.array(z.string()) });

function Recommendation() {
  const { object, submit, isLoading, error } = useObject({ api: "/api/object", schema: book });
  return (
    <section id="object" data-loading={isLoading}>
      <h2>useObject</h2>
      <button className="submit" onClick={() => submit("fantasy")}>Recommend a book</button>
      {object && <pre className="object">{JSON.stringify(object, null, 1)}</pre>}
      {error && <p className="error">{error.message}</p>}
    </section>
  );
}

function Plain() {
  const [text, setText] = useState("");
  const [reason, setReason] = useState("");
  const send = () => {
    const source = new EventSource("/api/events?question=Hello");
    source.onmessage = ({ data }) => {
      const event = JSON.parse(data);
      if (event.type === "text") setText((before) => before + event.text);
      if (event.type === "finish") setReason(event.reason);
      if (["finish", "abort", "error"].includes(event.type)) source.close();
    };
  };
  return (
    <section id="plain" data-reason={reason}>
      <h2>EventSource</h2>
      <button className="hello" onClick={send}>Say hello</button>
      <p className="text">{text}</p>
    </section>
  );
}

createRoot(document.getElementById("root")).render(<><Chat /><Recommendation /><Plain /></>);
