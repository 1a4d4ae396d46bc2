// The chat's contract in Node: ws and better-sqlite3, each post committed before it is acknowledged.
import { createServer } from "node:http";
import Database from "better-sqlite3";
import { WebSocketServer } from "ws";

const db = new Database(process.argv[2]);
db.pragma("journal_mode = WAL");
db.pragma("synchronous = FULL");
db.exec(`CREATE TABLE messages (seq INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE, text TEXT NOT NULL,
  sender_id TEXT NOT NULL, receiver_id TEXT NOT NULL, created_at TEXT NOT NULL)`);
const insert = db.prepare(`INSERT INTO messages (id, text, sender_id, receiver_id, created_at)
  VALUES (@id, @text, @senderId, @receiverId, @createdAt) ON CONFLICT (id) DO NOTHING`);
const find = db.prepare(`SELECT id, text, sender_id AS senderId, receiver_id AS receiverId,
  created_at AS createdAt, seq FROM messages WHERE id = ?`);

function store({ id, text, senderId, receiverId, createdAt }) {
  createdAt ??= new Date().toISOString();
  const { changes, lastInsertRowid } = insert.run({ id, text, senderId, receiverId, createdAt });
  return changes ? { id, text, senderId, receiverId, createdAt, seq: lastInsertRowid } : find.get(id);
}

const json = { "Content-Type": "application/json" };
const server = createServer((request, response) => {
  const parts = [];
  request.on("data", (part) => parts.push(part));
  request.on("end", () => {
    const said = JSON.parse(Buffer.concat(parts));
    const bad = !said.text || !said.senderId || !said.receiverId;
    const body = JSON.stringify(bad ? { error: "Missing required fields" } : store(said));
    response.writeHead(bad ? 400 : 200, { ...json, "Content-Length": Buffer.byteLength(body) });
    response.end(body);
  });
});

const wss = new WebSocketServer({ server, perMessageDeflate: false });
wss.on("connection", (ws) => {
  ws.on("message", (data, binary) => {
    if (binary) return ws.send(data, { binary });
    const { type, ...said } = JSON.parse(data);
    if (type !== "message") return;
    const told = JSON.stringify({ type: "message", data: said });
    for (const client of wss.clients) if (client.readyState === 1) client.send(told);
    ws.send(JSON.stringify({ type: "ack", id: said.id, seq: store(said).seq }));
  });
});
server.listen(0, "127.0.0.1", () => console.log(`serving on http://127.0.0.1:${server.address().port}`));
