import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { sourceMapper } from "./source-paths.ts";

let cwd = "";

beforeAll(() => {
  cwd = mkdtempSync(join(tmpdir(), "pt2lint-sources-"));
  mkdirSync(join(cwd, "src/models"), { recursive: true });
  writeFileSync(join(cwd, "src/models/attention.py"), "def f(x):\n    return torch.cond(x)\n");
  writeFileSync(join(cwd, "src/utils.py"), "def g(x):\n    return x\n");
});

afterAll(() => rmSync(cwd, { recursive: true, force: true }));

const frame = (file: string, code = "return torch.cond(x)") => ({ file, line: 2, function: "f", code });

describe("a source root", () => {
  const map = (file: string, code?: string) =>
    sourceMapper({ sourceRoot: "src", cwd }).map(frame(file, code)).file;

  it.each([
    ["/home/ann/repo/models/attention.py", "src/models/attention.py"],
    ["models/attention.py", "src/models/attention.py"],
    ["../elsewhere/models/attention.py", "src/models/attention.py"],
    ["C:\\repo\\models\\attention.py", "src/models/attention.py"],
  ])("finds %s", (file, expected) => {
    expect(map(file)).toBe(expected);
  });

  it("leaves a file alone that another of its name is not", () => {
    expect(map("/usr/lib/other/utils.py")).toBe("/usr/lib/other/utils.py");
    expect(map("/usr/lib/other/utils.py", "return x")).toBe("src/utils.py");
    expect(map("/home/ann/repo/nowhere.py")).toBe("/home/ann/repo/nowhere.py");
  });

  it("never leaves its folder", () => {
    expect(map("../../../etc/passwd")).toBe("../../../etc/passwd");
    expect(map("/..")).toBe("/..");
  });
});

describe("a path map", () => {
  it("replaces the first prefix that fits, at a separator", () => {
    const pathMap = [
      ["/build/repo/", "."],
      ["C:\\work", "win"],
      ["/build", "other"],
      ["/generated/a.py", "models/a.py"],
    ] as const;
    const map = (file: string) => sourceMapper({ pathMap, cwd }).map(frame(file)).file;
    expect(map("/build/repo/models/a.py")).toBe("models/a.py");
    expect(map("/build/repository/a.py")).toBe("other/repository/a.py");
    expect(map("C:\\work\\models\\a.py")).toBe("win/models/a.py");
    expect(map("/generated/a.py")).toBe("models/a.py");
    expect(map("/elsewhere/a.py")).toBe("/elsewhere/a.py");
  });

  it("comes before the source root", () => {
    const { map } = sourceMapper({ pathMap: [["/x", "y"]], sourceRoot: "src", cwd });
    expect(map(frame("/x/models/attention.py")).file).toBe("y/models/attention.py");
    expect(map(frame("/z/models/attention.py")).file).toBe("src/models/attention.py");
  });
});

it("says when no file is where one looks", () => {
  const { map, lost } = sourceMapper({ sourceRoot: "src", cwd });
  expect(lost()).toBeUndefined();
  map(frame("/elsewhere/a.py"));
  map(frame("/elsewhere/b.py"));
  expect(lost()).toBe("/elsewhere/a.py");
  map(frame("models/attention.py"));
  expect(lost()).toBeUndefined();
});
