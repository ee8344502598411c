import { expect, it } from "vitest";
import { weightProgress } from "./weight-progress.ts";

it("counts on a terminal, and leaves a clean line", () => {
  const written: string[] = [];
  const write = (text: unknown) => written.push(String(text)) > 0;
  const progress = weightProgress({ write });
  for (const done of [0, 1, 500, 1000]) progress?.("m.pt2", done, 1000);
  expect(written).toEqual([
    "\r\x1b[Km.pt2: 0 % of the weights",
    "\r\x1b[Km.pt2: 50 % of the weights",
    "\r\x1b[K",
  ]);
});

it("says nothing where nobody looks", () => {
  expect(weightProgress(undefined)).toBeUndefined();
});
