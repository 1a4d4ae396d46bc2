// Node `ws` as a client: text, a long text, binary, fragments with a ping between, then a close.
import WebSocket from "ws";

const socket = new WebSocket(process.argv[2], { perMessageDeflate: process.argv[3] === "deflate" });
const texts = ["Hello", "Grüße, 世界", "long ".repeat(60), "fragments"];
let echoes = 0;

socket.on("open", () => {
  for (const text of texts) socket.send(text);
  socket.send(Buffer.from([0, 1, 2, 254, 255]));
  socket.ping("are you there?");
});
socket.on("message", () => {
  echoes += 1;
  if (echoes === 6) setTimeout(() => socket.close(1000, "done"), 30);
});
