import { InputError } from "../errors.ts";
import type { ResolvedConfig } from "../lint/config.ts";
import { lintFiles, registryOf } from "../lint/lint.ts";
import { type OpenedFile, open } from "../open.ts";
import { printProgram } from "../program/print.ts";
import type { Paint } from "../report/options.ts";
import { sanitize } from "../report/text.ts";
import { type Invocation, UsageError } from "./arguments.ts";
import { loadConfig } from "./load-config.ts";
import { writeResult } from "./output.ts";
import { paintFor } from "./terminal.ts";

/** `pt2lint show PATH`: every model of the file, with its findings as comments. */
export async function showCommand({ operands, options }: Invocation<"show">): Promise<number> {
  const [path = ""] = operands;
  const config = await loadConfig(options, process.cwd());
  const file = await openFile(path);
  try {
    const paint = await paintFor(options.color, options["output-file"]);
    writeResult(await printFile(file, path, config, paint), options["output-file"]);
  } finally {
    await file.close();
  }
  return 0;
}

/** A broken file is a finding to `lint`; there is nothing to show of it. */
async function openFile(path: string): Promise<OpenedFile> {
  try {
    return await open(path);
  } catch (error) {
    throw withPath(error, path);
  }
}

async function printFile(
  file: OpenedFile,
  path: string,
  config: ResolvedConfig,
  paint: Paint,
): Promise<string> {
  if (file.models.length === 0) throw new UsageError(`${path}: holds no program to show`);
  const registry = registryOf(config);
  const { results } = await lintFiles([path], { config });
  const texts: string[] = [];
  for (const model of file.models) {
    const findings = results.find((result) => result.model === model)?.diagnostics ?? [];
    const program = await file.program(model).catch((error: unknown) => {
      throw withPath(error, path);
    });
    // Several programs in one text need a word between them; one is printed exactly as torch prints it.
    const head = file.models.length > 1 ? `# model ${sanitize(model)}\n` : "";
    texts.push(
      head + printProgram(program, { findings, registry, paint: (severity, text) => paint[severity](text) }),
    );
  }
  return texts.map((text) => (text.endsWith("\n") ? text : `${text}\n`)).join("\n");
}

function withPath(error: unknown, path: string): unknown {
  if (!(error instanceof InputError)) return error;
  return new UsageError(`${path}: ${error.message}`, error.help);
}
