import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { answered, connect, events, pages, Refusal, type Coworkcare, type Schemas } from "../src/index.js";
import { recordExamples } from "./examples.js";
import { startServer, type Server } from "./server.js";

let server: Server;
let careManager: Coworkcare;
let gp: Coworkcare;

function as(role: string): Coworkcare {
  const token = server.token(role);
  return connect({ baseUrl: server.url, token: () => token });
}

before(async () => {
  server = await startServer("demo");
  careManager = as("care_manager");
  gp = as("gp");
});

after(() => server?.stop());

test("my follow-ups are listed, with everything that has no presence there", async () => {
  const { followUps } = answered(await careManager.GET("/v1/followUps:mine", { params: { query: { pageSize: 5 } } }));
  assert.equal(followUps.length, 5);
  for (const followUp of followUps) {
    const due: string = followUp.dueDate;
    assert.match(due, /^\d{4}-\d{2}-\d{2}$/);
    assert.equal(followUp.state, "OPEN" satisfies Schemas["FollowUpState"]);
    assert.equal(typeof followUp.overdue, "boolean");
    assert.deepEqual(followUp.ownerChanges, []);
  }
});

test("pages are followed to the last", async () => {
  const seen = new Set<string>();
  let count = 0;
  for await (const page of pages((pageToken) => gp.GET("/v1/patients", { params: { query: { pageSize: 7, pageToken } } }))) {
    count++;
    assert.ok(page.patients.length <= 7);
    for (const patient of page.patients) {
      assert.ok(!seen.has(patient.patientId), "no patient twice");
      seen.add(patient.patientId);
    }
  }
  assert.ok(count > 1 && seen.size > 7, `${seen.size} patients in ${count} pages`);
});

test("a patient is created once, read, changed under an etag, and not over a colleague's change", async () => {
  const anyPage = answered(await gp.GET("/v1/patients", { params: { query: { pageSize: 1 } } }));
  const careUnitId = anyPage.patients[0]?.careUnitId ?? assert.fail("the demo has patients");
  const body: Schemas["PatientCreate"] = {
    careUnitId,
    givenName: "Test",
    familyName: "Klientsson",
    identityNumber: { value: "R-TEST-000001", kind: "RESERVE_NUMBER" },
    employments: [{ employerName: "Exempelbolaget", extentPercent: 100 }],
  };
  const header = { "Idempotency-Key": crypto.randomUUID() };
  const first = await gp.POST("/v1/patients", { params: { header }, body });
  const patient = answered(first);
  assert.equal(first.response.status, 201);
  assert.equal(first.response.headers.get("Location"), `/v1/patients/${patient.patientId}`);
  const again = answered(await gp.POST("/v1/patients", { params: { header }, body }));
  assert.equal(again.patientId, patient.patientId, "a retry makes no second one");

  const path = { patientId: patient.patientId };
  const read = await gp.GET("/v1/patients/{patientId}", { params: { path } });
  const etag = read.response.headers.get("ETag") ?? assert.fail("no ETag");
  const changed = await gp.PATCH("/v1/patients/{patientId}", {
    params: { path, header: { "If-Match": etag } },
    body: { phoneNumber: "08-465 004 01" },
  });
  assert.equal(answered(changed).phoneNumber, "08-465 004 01");
  assert.equal(answered(changed).familyName, "Klientsson", "what the body leaves out stays");
  const stale = await gp.PATCH("/v1/patients/{patientId}", {
    params: { path, header: { "If-Match": etag } },
    body: { phoneNumber: "08-465 004 02" },
  });
  assert.equal(stale.response.status, 412);
  assert.equal(stale.error?.reason, "ETAG_MISMATCH");
});

test("a refusal is a typed problem", async () => {
  const result = await careManager.POST("/v1/assessments:preview", {
    body: { instrument: "MADRS-S", answers: [3, 3, 3, 3, 3, 3, 3, 3, 9] },
  });
  assert.equal(result.data, undefined);
  assert.equal(result.response.headers.get("Content-Type"), "application/problem+json");
  assert.throws(
    () => answered(result),
    (error: unknown) => {
      assert.ok(error instanceof Refusal);
      assert.equal(error.problem.status, 400);
      assert.match(error.problem.instance ?? "", /^urn:coworkcare:request:/);
      assert.match(error.problem.violations?.[0]?.field ?? "", /^answers/);
      return true;
    },
  );
  const nobody = connect({ baseUrl: server.url, token: () => "none" });
  const refused = await nobody.GET("/v1/followUps:mine");
  assert.equal(refused.error?.status, 401);
});

test("a stream tells of a change of my worklist", { timeout: 3 * 60 * 1000 }, async () => {
  const leave = new AbortController();
  const watched = await gp.GET("/v1/followUps:watch", {
    headers: { Accept: "text/event-stream" },
    parseAs: "stream",
    signal: leave.signal,
  });
  const stream = events(answered(watched) as ReadableStream<Uint8Array>);
  const ready = await stream.next();
  assert.equal(ready.value?.type, "ready");
  const anyPage = answered(await gp.GET("/v1/patients", { params: { query: { pageSize: 1 } } }));
  const patientId = anyPage.patients[0]?.patientId ?? assert.fail("the demo has patients");
  const made = answered(
    await gp.POST("/v1/patients/{patientId}/followUps", {
      params: { path: { patientId } },
      body: { title: "Ring tillbaka", ownerRole: "ROLE_GP" },
    }),
  );
  for await (const event of stream) {
    const change = JSON.parse(event.data) as Schemas["FollowUpChange"];
    if (change.followUp?.followUpId === made.followUpId) {
      assert.equal(event.type, "follow_up.created");
      assert.ok(change.listed);
      break;
    }
  }
  leave.abort();
});

// The last, for it moves the clock.
test("the examples of the OpenAPI document are what the demo answers", async () => {
  await recordExamples({
    gp,
    careManager,
    coordinator: as("rehabilitation_coordinator"),
    operator: as("operator"),
    integration: as("integration"),
  });
});
