// useChat with resume, as its documentation shows it: nothing is of this library.
import { useChat } from "@ai-sdk/react";
import { useState } from "react";
import { createRoot } from "react-dom/client";

function Chat({ id, saved }) {
  const [input, setInput] = useState("");
  const { messages, sendMessage, status, error } = useChat({ id, messages: saved, resume: true });
  const send = (event) => {
    event.preventDefault();
    sendMessage({ text: input });
    setInput("");
  };
  const stop = () => fetch(`/api/chat/${id}/stop`, { method: "POST" }); // useChat's own only disconnects
  return (
    <section data-status={status}>
      {messages.map((message) => (
        <article key={message.id} className={message.role}>
          {message.parts.map((part, at) => part.type === "text" && <span key={at}>{part.text}</span>)}
        </article>
      ))}
      {error && <p className="error">{error.message}</p>}
      <form onSubmit={send}>
        <input value={input} onChange={(event) => setInput(event.target.value)} placeholder="Write, and reload" />
        <button className="send" disabled={status !== "ready" && status !== "error"}>Send</button>
        <button className="stop" type="button" onClick={stop}>Stop</button>
      </form>
    </section>
  );
}

const id = location.hash.slice(1) || crypto.randomUUID();
history.replaceState(null, "", `#${id}`);
fetch(`/api/chat/${id}`)
  .then((response) => response.json())
  .then((saved) => createRoot(document.getElementById("root")).render(<Chat id={id} saved={saved} />));
