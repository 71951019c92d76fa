// Keeps calls that a test made as the examples of the OpenAPI document, one file an operation. Ids, days and instants are written
// as if the day were 2 March 2026, so that the same calls give the same text on every day; COWORKCARE_UPDATE writes the files anew.
import assert from "node:assert/strict";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";

const folder = join(process.cwd(), "../../gateway/openapi/examples");
const firstDay = "2026-03-02";

export const day = (from: string, days: number): string => new Date(Date.parse(from) + days * 86_400_000).toISOString().slice(0, 10);

export class Recorder {
  readonly #ids = new Map<string, string>();

  /** Today is the day that the calls are made on, a Monday as 2 March 2026 is. */
  constructor(readonly today: string) {}

  /** Compares a call with the example that is kept, or keeps it. */
  record(operationId: string, example: { request?: unknown; response: unknown }): void {
    const text = JSON.stringify(example, (key, value) => (typeof value === "string" ? this.#settled(key, value) : value), 2) + "\n";
    const file = join(folder, `${operationId}.json`);
    if (process.env["COWORKCARE_UPDATE"]) {
      mkdirSync(folder, { recursive: true });
      writeFileSync(file, text);
      return;
    }
    assert.equal(text, readFileSync(file, "utf8"), `the example ${operationId} is another one: npm run examples writes it, then make generate`);
  }

  #settled(key: string, value: string): string {
    if (key === "sequence" || key === "cursor" || key === "nextCursor" || key === "nextPageToken") {
      return value.replace(/[0-9]+/g, "7");
    }
    if (key === "traceParent" || key === "traceId") {
      return value.replace(/[0-9a-f]{16,}/g, (hex) => "4bf92f3577b34da6a3ce929d0e0e4736".slice(0, hex.length));
    }
    return value
      .replace(/[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}/g, (id) => this.#id(id))
      .replace(/^(\d{4}-\d{2}-\d{2})T[0-9:.]+Z$/, (instant) => this.#instant(instant))
      .replace(/^\d{4}-\d{2}-\d{2}$/, (date) => this.#day(date));
  }

  #id(id: string): string {
    const known = this.#ids.get(id) ?? `0195554e-5c00-7000-8000-${String(this.#ids.size + 1).padStart(12, "0")}`;
    this.#ids.set(id, known);
    return known;
  }

  // Days near today keep their distance; a day of birth is its own.
  #day(date: string): string {
    const distance = Math.round((Date.parse(date) - Date.parse(this.today)) / 86_400_000);
    return Math.abs(distance) > 400 ? date : day(firstDay, distance);
  }

  // The instant keeps its time of day in Stockholm, but that of today, which is when the test happened to run, is nine o'clock.
  #instant(instant: string): string {
    const local = new Date(instant).toLocaleString("sv-SE", { timeZone: "Europe/Stockholm" });
    const [date = "", time = ""] = local.split(" ");
    const shown = date === this.today ? "09:00:00" : time;
    return new Date(`${this.#day(date)}T${shown}+01:00`).toISOString().replace(".000Z", "Z");
  }
}
