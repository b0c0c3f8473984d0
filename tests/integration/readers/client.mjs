// The Node client: looks at the published files each time a line comes in, as clients.py does.
// `node client.mjs FOLDER_OF_NODE_MODULES PUBLISHED`; kept is a connection that stays open.
import { createRequire } from "node:module";
import readline from "node:readline";

const { DuckDBInstance } = createRequire(`${process.argv[2]}/`)("@duckdb/node-api");
const published = process.argv[3];
const counts =
  "SELECT (SELECT generation FROM _meta), (SELECT count(*) FROM accounts), (SELECT count(*) FROM micro_influencers)";

const instance = await DuckDBInstance.create(`${published}/latest.duckdb`, { access_mode: "READ_ONLY" });
const kept = await instance.connect();
for await (const _ of readline.createInterface({ input: process.stdin })) {
  const [row] = (await kept.runAndReadAll(counts)).getRows();
  console.log(JSON.stringify(row.map(Number)));
}
