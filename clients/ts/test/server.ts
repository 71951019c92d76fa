// Starts the product for a test: `coworkcare dev` on free ports and a folder of its own, with synthetic people or without.
import { spawn, type ChildProcess } from "node:child_process";
import { mkdtemp, rm } from "node:fs/promises";
import { createServer, type AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";

const lastWord = { demo: "Ctrl-C stops it", empty: "coworkcare dev is ready" };
const patience = 5 * 60 * 1000;

export interface Server {
  url: string;
  token(role: string): Promise<string>;
  stop(): Promise<void>;
}

/** The program is built by `make build`; COWORKCARE_BIN names another. */
export async function startServer(people: "demo" | "empty"): Promise<Server> {
  const program = process.env["COWORKCARE_BIN"] ?? join(process.cwd(), "../../build/bin/coworkcare");
  const folder = await mkdtemp(join(tmpdir(), "coworkcare-client-"));
  const [rest, grpc, ops] = await freeAddresses(3);
  const child = spawn(program, people === "demo" ? ["dev", "--demo"] : ["dev"], {
    cwd: folder,
    env: {
      PATH: process.env["PATH"],
      HOME: folder,
      COWORKCARE_DATA_DIR: join(folder, "data"),
      COWORKCARE_HTTP_ADDR: rest,
      COWORKCARE_GRPC_ADDR: grpc,
      COWORKCARE_OPS_ADDR: ops,
    },
    stdio: ["ignore", "pipe", "pipe"],
  });
  const stop = async () => {
    await ended(child);
    await rm(folder, { recursive: true, force: true });
  };
  try {
    await ready(child, lastWord[people]);
  } catch (error) {
    await stop();
    throw error;
  }
  return {
    url: `http://${rest}`,
    stop,
    async token(role) {
      const answer = await fetch(`http://${ops}/dev/token`, { method: "POST", body: JSON.stringify({ role }) });
      const { token, error } = (await answer.json()) as { token?: string; error?: string };
      if (token === undefined) {
        throw new Error(`no token for ${role}: ${error}`);
      }
      return token;
    },
  };
}

/** Addresses on loopback that are free now, all taken at once so that they differ. */
async function freeAddresses(count: number): Promise<string[]> {
  const taken = await Promise.all(
    Array.from({ length: count }, async () => {
      const server = createServer();
      await new Promise<void>((resolve, reject) => server.once("error", reject).listen(0, "127.0.0.1", resolve));
      return server;
    }),
  );
  const addresses = taken.map((server) => `127.0.0.1:${(server.address() as AddressInfo).port}`);
  await Promise.all(taken.map((server) => new Promise((resolve) => server.close(resolve))));
  return addresses;
}

function ready(child: ChildProcess, word: string): Promise<void> {
  return new Promise((resolve, reject) => {
    let said = "";
    const tooLong = setTimeout(() => reject(new Error(`not ready after ${patience} ms\n${said}`)), patience);
    const finish = (error?: Error) => {
      clearTimeout(tooLong);
      if (error) reject(error);
      else resolve();
    };
    const hear = (text: Buffer) => {
      said += text.toString();
      if (said.includes(word)) finish();
    };
    child.stdout?.on("data", hear);
    child.stderr?.on("data", hear);
    child.once("error", finish);
    child.once("exit", (code) => finish(new Error(`ended with ${code}\n${said}`)));
  });
}

async function ended(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null || child.pid === undefined) {
    return;
  }
  const gone = new Promise((resolve) => child.once("exit", resolve));
  child.kill("SIGINT");
  const impatient = setTimeout(() => child.kill("SIGKILL"), 15_000);
  await gone;
  clearTimeout(impatient);
}
