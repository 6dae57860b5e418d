// Works through jsforce against the emulator: node jsforce_judge.mjs <part>; prints one JSON value.
// EMULATOR_URL and EMULATOR_TOKEN name the org and a session.
import jsforce from "jsforce";

const conn = new jsforce.Connection({
  instanceUrl: process.env.EMULATOR_URL,
  accessToken: process.env.EMULATOR_TOKEN,
  version: "66.0",
});
conn.bulk2.pollInterval = 50;
conn.bulk2.pollTimeout = 60_000;

const numbered = (count) =>
  Array.from({ length: count }, (_, n) => ({
    ERP_Id__c: `K${String(n).padStart(3, "0")}`,
    Name: `Firm "${n}", Ltd`,
    Credit_Limit__c: n + 0.25,
  }));

const collect = async (stream) => {
  const rows = [];
  for await (const row of stream) rows.push(row);
  return rows;
};

const parts = {
  async reading() {
    const first = await conn.query("SELECT Id, ERP_Id__c FROM Account ORDER BY ERP_Id__c");
    const more = await conn.queryMore(first.nextRecordsUrl);
    const all = await conn.query("SELECT Id FROM Account", { autoFetch: true, maxFetch: 10_000 });
    const found = await conn
      .sobject("Account")
      .find({ ERP_Id__c: { $in: ["K0001", "K0002"] } }, ["Name", "Owner.Name"])
      .sort({ ERP_Id__c: -1 });
    const counted = await conn.query("SELECT COUNT(Id) n, Name FROM Account GROUP BY Name LIMIT 1");
    const retrieved = await conn
      .sobject("Account")
      .retrieve(all.records.slice(0, 3).map((row) => row.Id));
    return {
      first: first.records.length,
      more: more.records.length,
      total: first.totalSize,
      all: all.records.length,
      found: found.map((row) => [row.Name, row.Owner.Name]),
      counted: counted.records[0].n,
      retrieved: retrieved.map((row) => row.ERP_Id__c).sort(),
    };
  },

  async about() {
    const described = await conn.sobject("Account").describe();
    const global = await conn.describeGlobal();
    const limits = await conn.limits();
    const identity = await conn.identity();
    return {
      fields: described.fields.map((field) => field.name),
      objects: global.sobjects.map((object) => object.name),
      max: limits.DailyApiRequests.Max,
      identity: identity.username,
      organization: identity.organization_id,
      usage: conn.limitInfo.apiUsage,
    };
  },

  async collections() {
    const account = conn.sobject("Account");
    const made = await account.create(numbered(205), { allowRecursive: true });
    const ids = made.map((result) => result.id);
    const updated = await account.update(
      ids.slice(0, 3).map((Id, n) => ({ Id, Credit_Limit__c: n * 10 })),
    );
    const upserted = await account.upsert(
      [
        { ERP_Id__c: "K003", Name: "Three" },
        { ERP_Id__c: "NEW", Name: "New" },
      ],
      "ERP_Id__c",
    );
    const refused = await account.create([{ Name: "Good" }, { Site: "no name" }]);
    const undone = await account.create([{ Name: "Undone" }, { Site: "no name" }], {
      allOrNone: true,
    });
    const deleted = await account.del(ids.slice(10, 20));
    return {
      made: made.filter((result) => result.success).length,
      updated: updated.every((result) => result.success),
      upserted: upserted.map((result) => result.success),
      refused: refused.map((result) => result.errors?.[0]?.errorCode ?? result.errors?.[0]?.statusCode ?? "ok"),
      undone: undone.map((result) => result.success),
      deleted: deleted.length,
      gone: ids.slice(10, 20),
    };
  },

  async rows() {
    const account = conn.sobject("Account");
    const made = await account.create({ Name: "Acme", ERP_Id__c: "A" });
    await account.update({ Id: made.id, Credit_Hold__c: true });
    const again = await account.upsert({ ERP_Id__c: "A", Name: "Acme 2" }, "ERP_Id__c");
    const record = await account.retrieve(made.id);
    await account.destroy(made.id);
    const lost = await account.retrieve(made.id).catch((error) => error.errorCode);
    return { created: made.success, upserted: again.success, name: record.Name, hold: record.Credit_Hold__c, lost };
  },

  async replication() {
    const [start, end] = [process.env.START, process.env.END];
    const updated = await conn.sobject("Account").updated(start, end);
    const deleted = await conn.sobject("Account").deleted(start, end);
    return { updated, deleted };
  },

  async bulkWrites() {
    const load = (operation, input, more = {}) =>
      conn.bulk2.loadAndWaitForResults({ object: "Account", operation, input, ...more });
    const inserted = await load("insert", numbered(250));
    const ids = Object.fromEntries(inserted.successfulResults.map((row) => [row.ERP_Id__c, row.sf__Id]));
    const updated = await load("update", [
      { Id: ids.K001, Name: "One", Credit_Limit__c: "#N/A" },
      { Id: ids.K002, Name: "", Credit_Limit__c: "7.5" },
    ]);
    const upserted = await load(
      "upsert",
      [
        { ERP_Id__c: "K003", Name: "Three" },
        { ERP_Id__c: "NEW", Name: "New" },
        { ERP_Id__c: "X".repeat(30), Name: "Too long" },
      ],
      { externalIdFieldName: "ERP_Id__c" },
    );
    const deleted = await load("delete", [{ Id: ids.K004 }, { Id: ids.K005 }]);
    return {
      inserted: inserted.successfulResults.length,
      updated: updated.failedResults.length,
      created: upserted.successfulResults.map((row) => [row.ERP_Id__c, row.sf__Created]).sort(),
      failed: upserted.failedResults.map((row) => row.sf__Error),
      unprocessed: upserted.unprocessedRecords.length,
      deleted: deleted.successfulResults.length,
    };
  },

  async bulkQuery() {
    const soql = "SELECT ERP_Id__c, Name, Credit_Limit__c, Owner.Name FROM Account ORDER BY ERP_Id__c";
    const rows = await collect(await conn.bulk2.query(soql));
    const all = await collect(
      await conn.bulk2.query("SELECT ERP_Id__c, IsDeleted FROM Account", { scanAll: true }),
    );
    const refused = await conn.bulk2
      .query("SELECT COUNT() FROM Account")
      .then(() => "accepted", (error) => error.errorCode ?? error.name);
    return { rows, all, refused };
  },
};

console.log(JSON.stringify(await parts[process.argv[2]]()));
