// The current ClickHouse engine (npm's chdb) behind as much of the server's HTTP interface as rca uses.
//   node chdb.mjs FOLDER PORT     (run where node_modules/chdb is, or with NODE_PATH)
import { createRequire } from "node:module";
import { createServer } from "node:http";
import { writeFileSync, unlinkSync } from "node:fs";
import { join } from "node:path";
import { gunzipSync } from "node:zlib";

const require = createRequire(join(process.cwd(), "x.js"));
const { Session } = require("chdb");
const [folder, port] = process.argv.slice(2);
const session = new Session(join(folder, "data"));
let files = 0;

async function run(url, body) {
  const database = url.searchParams.get("database") || "default";
  const inAddress = url.searchParams.get("query");
  await session.queryAsync(`USE ${database}`);
  if (!inAddress) {
    const sql = body.toString("utf8").replace(/ FORMAT RowBinary\s*$/, "");
    return (await session.queryAsync(sql, { format: sql === body.toString("utf8") ? "TabSeparated" : "RowBinary" })).bytes();
  }
  const file = join(folder, `insert-${files++}`);
  writeFileSync(file, body);
  try {
    await session.queryAsync(inAddress.replace(/ FORMAT (\w+)$/, ` FROM INFILE '${file}' FORMAT $1`));
  } finally {
    unlinkSync(file);
  }
  return Buffer.alloc(0);
}

let last = Promise.resolve();
createServer((request, response) => {
  const parts = [];
  request.on("data", (part) => parts.push(part));
  request.on("end", () => {
    const sent = Buffer.concat(parts);
    const body = request.headers["content-encoding"] === "gzip" ? gunzipSync(sent) : sent;
    last = last.then(() => run(new URL(request.url, "http://x"), body)).then(
      (answer) => response.end(Buffer.from(answer)),
      (error) => { response.statusCode = 500; response.end(String(error.message || error)); });
  });
}).listen(Number(port), "127.0.0.1", () => console.log("ready"));
