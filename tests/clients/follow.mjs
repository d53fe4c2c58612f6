// Follows a job's events over a WebSocket until the job ends, and comes back with the number of the last one however
// often the connection breaks. Prints {numbers, types, connections, protocols}. Called by tests/client_events.py.
import WebSocket from "ws";

const { url, protocols } = JSON.parse(process.argv[2]);
const result = { numbers: [], types: [], connections: 0, protocol: null };

function connect() {
  const last = result.numbers.at(-1) ?? 0;
  const socket = new WebSocket(`${url}&after=${last}`, protocols);
  socket.on("open", () => {
    result.connections += 1;
    result.protocol = socket.protocol;
  });
  socket.on("message", (data) => {
    const event = JSON.parse(data);
    result.numbers.push(Number(event.sequence));
    result.types.push(event.type);
    if (/^job\.(completed|failed|cancelled)$/.test(event.type))
      process.stdout.write(JSON.stringify(result) + "\n", () => process.exit(0));
  });
  socket.on("error", () => {}); // "close" comes after it
  socket.on("close", () => setTimeout(connect, 20));
}
connect();
