// The server behind the recordings: plain HTTP, chunked, an event stream, and an echoing WebSocket.
import http from "node:http";
import { WebSocketServer } from "ws";

const [host, deflate] = [process.argv[2] ?? "127.0.0.1", process.argv[3] === "deflate"];

const server = http.createServer((request, response) => {
  const { pathname } = new URL(request.url, "http://localhost");
  if (pathname === "/") {
    response.setHeader("Content-Type", "text/html; charset=utf-8");
    response.end("<!doctype html><title>recorded</title>");
  } else if (pathname === "/chunked") {
    response.setHeader("Content-Type", "text/plain");
    if (request.httpVersion === "1.1") response.setHeader("Trailer", "X-Sum");
    response.write("first, ");
    response.write("second, ");
    if (request.httpVersion === "1.1") response.addTrailers({ "X-Sum": "3" });
    response.end("third\n");
  } else if (pathname === "/events") {
    response.setHeader("Content-Type", "text/event-stream");
    response.write("event: tick\nid: 1\ndata: one\n\n");
    setTimeout(() => response.end("id: 2\ndata: two\ndata: lines\n\n"), 20);
  } else if (pathname === "/echo") {
    response.setHeader("Content-Type", "application/json");
    request.pipe(response);
  } else {
    response.statusCode = 404;
    response.end("nothing here\n");
  }
});

const sockets = new WebSocketServer({
  server,
  perMessageDeflate: deflate ? { threshold: 0 } : false,
});
sockets.on("connection", (socket) => {
  socket.on("message", (data, binary) => {
    socket.send(data, { binary });
    if (data.toString() === "fragments") {
      socket.send("frag", { fin: false });
      socket.ping("between");
      socket.send("ments", { fin: true });
    }
  });
});

server.listen(0, host, () => console.log(server.address().port));
