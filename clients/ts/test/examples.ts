// The calls that the OpenAPI document shows as examples, made of the running demo: one patient, and the main resource of each
// service.
import assert from "node:assert/strict";
import { answered, pages, type Coworkcare, type Schemas } from "../src/index.js";
import { day, Recorder } from "./recorder.js";

export interface Callers {
  gp: Coworkcare;
  careManager: Coworkcare;
  coordinator: Coworkcare;
  operator: Coworkcare;
  integration: Coworkcare;
}

export async function recordExamples(as: Callers): Promise<void> {
  const today = await nextMonday(as.operator);
  const recorder = new Recorder(today);
  recorder.record("getClock", { response: answered(await as.operator.GET("/v1/clock")) });

  const page = answered(await as.gp.GET("/v1/patients", { params: { query: { pageSize: 1 } } }));
  const { careUnitId, careProviderId } = page.patients[0] ?? assert.fail("the demo has patients");

  const newPatient: Schemas["PatientCreate"] = {
    careUnitId,
    givenName: "Tova",
    familyName: "Exempelsson-Test",
    identityNumber: { kind: "RESERVE_NUMBER", value: "TEST-0001-EXEMPEL" },
    phoneNumber: "08-465 004 01",
    employments: [{ employerName: "Exempelbolaget (synthetic)", extentPercent: 100, occupation: "teacher" }],
  };
  const patient = answered(await as.gp.POST("/v1/patients", { body: newPatient }));
  recorder.record("createPatient", { request: newPatient, response: patient });
  const path = { patientId: patient.patientId };

  const newEpisode: Schemas["StartCareEpisodeRequest"] = { diagnosisCode: "F43.8A", severity: "MODERATE", sickLeaveNeeded: true };
  const episode = answered(await as.gp.POST("/v1/patients/{patientId}/careEpisodes:start", { params: { path }, body: newEpisode }));
  recorder.record("startCareEpisode", { request: newEpisode, response: episode });

  const preview: Schemas["PreviewAssessmentRequest"] = { instrument: "MADRS-S", answers: [2, 2, 3, 2, 3, 2, 2, 2, 0] };
  recorder.record("previewAssessment", {
    request: preview,
    response: answered(await as.careManager.POST("/v1/assessments:preview", { body: preview })),
  });
  const newAssessment: Schemas["AssessmentCreate"] = { careEpisodeId: episode.careEpisodeId, instrument: "MADRS-S", answers: preview.answers ?? [] };
  const assessment = await retried(() => as.careManager.POST("/v1/patients/{patientId}/assessments", { params: { path }, body: newAssessment }));
  recorder.record("createAssessment", { request: newAssessment, response: assessment });

  const newCertificate: Schemas["CertificateCreate"] = {
    careEpisodeId: episode.careEpisodeId,
    diagnosisCodes: ["F43.8A"],
    periods: [{ startDate: today, endDate: day(today, 13), degree: 100 }],
    bases: [{ kind: "EXAMINATION", basisDate: today }],
  };
  const certificate = await retried(() => as.gp.POST("/v1/patients/{patientId}/certificates", { params: { path }, body: newCertificate }));
  recorder.record("createCertificate", { request: newCertificate, response: certificate });

  const newEmployer: Schemas["EmployerCreate"] = { careProviderId, displayName: "Exempelbolaget (synthetic)", organisationNumber: "556677-8899" };
  const employer = answered(await as.coordinator.POST("/v1/employers", { body: newEmployer }));
  recorder.record("createEmployer", { request: newEmployer, response: employer });

  const newFollowUp: Schemas["FollowUpCreate"] = { title: "Ring om arbetsprovningen", ownerRole: "ROLE_CARE_MANAGER", dueDate: day(today, 2) };
  const followUp = await retried(() => as.gp.POST("/v1/patients/{patientId}/followUps", { params: { path }, body: newFollowUp }));
  recorder.record("createFollowUp", { request: newFollowUp, response: followUp });

  // Moving the clock does everything that is due: by then every service has read the events of the others.
  answered(await as.operator.POST("/v1/clock:advance", { body: { duration: "1s" } }));
  for await (const page of pages((pageToken) =>
    as.gp.GET("/v1/careUnits/{careUnitId}/caseload", { params: { path: { careUnitId }, query: { pageSize: 200, pageToken } } }),
  )) {
    // In how many steps the picture came about depends on how the events arrived.
    const rows = page.rows.filter((row) => row.patientId === patient.patientId).map((row) => ({ ...row, pictureVersion: 1 }));
    if (rows.length > 0) {
      const freshness = page.freshness && { ...page.freshness, ageSeconds: 0 };
      recorder.record("listCaseload", { response: { rows, nextPageToken: "", freshness } });
    }
  }

  const refused = await as.careManager.POST("/v1/assessments:preview", { body: { instrument: "MADRS-S", answers: [2, 2, 9] } });
  recorder.record("problem", { response: refused.error });

  const events = answered(await as.integration.GET("/v1/events", { params: { query: { sources: ["patient"], types: ["patient.registered"], pageSize: 1000 } } }));
  const registered = events.events.filter((event) => event.patientId === patient.patientId);
  assert.equal(registered.length, 1);
  const snapshot = registered[0]?.snapshot;
  assert.ok(snapshot?.["@type"] === "type.googleapis.com/coworkcare.patient.v1.PatientSnapshot");
  assert.equal(snapshot.protectedIdentity, false, "the type tells which fields there are");
  recorder.record("listEvents", { response: { ...events, events: registered } });
}

// Moves the demo's clock to a Monday morning, so that days fall alike whenever the examples are made. Weeks that may have a public
// holiday are passed over: about Christmas, and from Easter to Midsummer.
async function nextMonday(operator: Coworkcare): Promise<string> {
  const clock = answered(await operator.GET("/v1/clock"));
  let monday = day(clock.todayDate, (8 - new Date(clock.todayDate).getUTCDay()) % 7 || 7);
  const mayRest = (date: string) => [["01-01", "01-06"], ["03-16", "06-26"], ["12-18", "12-31"]].some(([from = "", to = ""]) => date >= from && date <= to);
  while (mayRest(monday.slice(5))) {
    monday = day(monday, 7);
  }
  return answered(await operator.POST("/v1/clock:advance", { body: { untilTime: `${monday}T07:30:00Z` } })).todayDate;
}

// A service learns of a new patient or episode a moment later, by its events.
async function retried<T>(call: () => Promise<{ data?: T; error?: Schemas["Problem"] }>): Promise<T> {
  const until = Date.now() + 60_000;
  for (;;) {
    const result = await call();
    const early = result.error !== undefined && result.error.status < 500 && Date.now() < until;
    if (!early) {
      return answered(result);
    }
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}
