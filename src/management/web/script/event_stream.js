// Server-sent events over fetch: EventSource cannot carry an Authorization header.

// Calls `take(data)` for each event until the stream ends or `signal` aborts it.
export async function read_events(response, take) {
  const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
  let rest = "";
  let lines = [];
  for (;;) {
    const { value, done } = await reader.read();
    if (done) return;
    const parts = (rest + value).split(/\r\n|\n|\r/);
    rest = parts.pop();
    for (const line of parts) {
      if (line === "") {
        if (lines.length > 0) take(lines.join("\n"));
        lines = [];
      } else if (line.startsWith("data:")) {
        lines.push(line.slice(line[5] === " " ? 6 : 5));
      }
    }
  }
}
