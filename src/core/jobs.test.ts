import { describe, expect, it } from "vitest";
import { withinTime } from "./jobs.ts";

const never = () => new Promise<never>(() => {});

describe("work within its time", () => {
  it("gives what it comes to", async () => {
    expect(await withinTime(async () => 1, 5_000, new AbortController().signal)).toBe(1);
  });

  it("ends at its time", async () => {
    await expect(withinTime(never, 10)).rejects.toThrow("no answer within 10 ms");
  });

  it("is cut off by the end of the node", async () => {
    const stopping = new AbortController();
    const work = withinTime(never, 60_000, stopping.signal);
    stopping.abort();
    await expect(work).rejects.toThrow("cut off");
  });

  it("that begins when the node has ended is not begun", async () => {
    let began = false;
    const work = withinTime(
      () => {
        began = true;
        return never();
      },
      60_000,
      AbortSignal.abort(),
    );
    await expect(work).rejects.toThrow("cut off");
    expect(began).toBe(false);
  });
});
