import { nodePath } from "../program/document-path.ts";
import type { Node, Program } from "../program/program.ts";
import { ARCHIVE_SUPPRESSIONS } from "./archive-suppressions.ts";
import { callFinder } from "./calls.ts";
import type { ResolvedConfig } from "./config.ts";
import type { Diagnostic, Json, SuppressedDiagnostic, Suppression } from "./diagnostic.ts";
import { fill } from "./engine.ts";
import { type InlineDirective, inlineDirectives } from "./inline.ts";
import { matchesPath, matchesPattern } from "./pattern.ts";
import { concerns, type SuppressionEntry } from "./suppression-list.ts";

export interface SuppressorOptions {
  /** False to leave alone what the archive itself says: comments, annotations, its list. */
  readonly inline?: boolean;
  /** `YYYY-MM-DD` in UTC; the present day when absent. */
  readonly today?: string;
}

/** One model's findings, and where they come from. */
export interface Findings {
  readonly path: string;
  readonly model: string;
  /** Undefined when the document could not be read. */
  readonly program: Program | undefined;
  /** In the order of the program. */
  readonly diagnostics: readonly Diagnostic[];
  /** What the archive lists; null in the place of what cannot be used. */
  readonly archive: readonly (SuppressionEntry | null)[];
}

/** A finding on a suppression: in the program at `path`, or in the config where that is null. */
export interface SuppressionFinding {
  readonly path: string | null;
  readonly model: string;
  readonly diagnostic: Diagnostic;
}

/** A suppression of one rule, or of one pattern of rules. */
interface Site {
  readonly suppression: Suppression;
  /** In the words of a message. */
  readonly name: string;
  readonly rule: string;
  readonly until: string | undefined;
  readonly home: Home;
  used: boolean;
  /** False while no program was linted that it could be meant for. */
  relevant: boolean;
}

const NAMES = { comment: "this comment", annotation: "this annotation" } as const;

/** Takes out what shall not be reported, program after program, and then tells what the suppressions are worth. */
export class Suppressor {
  readonly #config: ResolvedConfig;
  readonly #rules: readonly string[];
  readonly #today: string;
  readonly #inline: boolean;
  readonly #sites = new Map<string, Site>();
  readonly #found: SuppressionFinding[] = [];
  readonly #refused = new Set<string>();

  constructor(config: ResolvedConfig, { inline = true, today }: SuppressorOptions = {}) {
    this.#config = config;
    this.#rules = [...config.severities.keys()];
    this.#today = today ?? new Date().toISOString().slice(0, 10);
    this.#inline = inline;
  }

  /** Splits the findings of one model. */
  apply(findings: Findings): { reported: Diagnostic[]; suppressed: SuppressedDiagnostic[] } {
    const { path, program } = findings;
    const listed = this.#listed(findings);
    const callsOf = callFinder(program);
    const sites = this.#carried(findings);
    const reported: Diagnostic[] = [];
    const suppressed: SuppressedDiagnostic[] = [];
    for (const diagnostic of findings.diagnostics) {
      const calls = callsOf(diagnostic);
      const operators = () => calls().map(({ target }) => target);
      const hits = listed
        .filter(([entry]) => concerns(entry, diagnostic, path, operators))
        .map(([, site]) => site);
      const carried = sites.size === 0 ? [] : calls().flatMap((node) => sites.get(node) ?? []);
      hits.push(...new Set(carried.filter(({ rule }) => matchesPattern(rule, diagnostic.rule))));
      for (const site of hits) site.used = true;
      if (hits.length === 0) reported.push(diagnostic);
      else suppressed.push({ diagnostic, suppressions: hits.map(({ suppression }) => suppression) });
    }
    return { reported, suppressed };
  }

  #listed({ path, model, archive }: Findings): (readonly [SuppressionEntry, Site])[] {
    const entries = this.#config.suppressions;
    const name = ` of ${ARCHIVE_SUPPRESSIONS} in the archive`;
    const ofConfig = {
      entries,
      by: "config",
      name: "",
      home: { path: null, model: "", at: NOWHERE },
    } as const;
    const ofArchive = { entries: archive, by: "archive", name, home: { path, model, at: NOWHERE } } as const;
    return [...this.#list(ofConfig, path), ...(this.#inline ? this.#list(ofArchive, path) : [])];
  }

  /** What of an archive's list cannot be used. */
  refuse(problem: string, path: string, model: string): void {
    this.#refuse("archive", problem, { path, model, at: NOWHERE });
  }

  /** What there is to say of the suppressions themselves, when all programs are done. */
  findings(): SuppressionFinding[] {
    const sites = [...this.#sites.values()].filter(({ used, rule }) => !used && this.#isOn(rule));
    return [...this.#found, ...sites.flatMap((site) => this.#unused(site))];
  }

  #isOn(rule: string): boolean {
    return this.#rules.some((id) => matchesPattern(rule, id) && this.#config.severities.get(id) !== "off");
  }

  #unused(site: Site): SuppressionFinding[] {
    const { suppression, name, rule, until, home } = site;
    const words = { suppression: name };
    if (until !== undefined && until < this.#today) {
      const data = { by: suppression.by, suppresses: rule, until };
      const help = "mend what it hid, or set a later day";
      return this.#finding("suppression/expired", "expired", home, { data, words, help });
    }
    if (!site.relevant) return [];
    const data = { by: suppression.by, suppresses: rule };
    const help = "remove it, or name the rule and the place that it is meant for";
    return this.#finding("suppression/unused", "unused", home, { data, words, help });
  }

  /** The entries of one list that still count, with their sites. */
  #list({ entries, by, name, home }: List, linted: string): (readonly [SuppressionEntry, Site])[] {
    const sites = entries.flatMap((entry, at) => {
      if (entry === null) return [];
      const site = this.#site(JSON.stringify([by, home.path, at]), {
        suppression: { kind: "external", by, reason: entry.reason ?? "" },
        name: `suppressions[${at}]${name}`,
        rule: entry.rule,
        until: entry.until,
        home,
      });
      site.relevant ||= entry.path === undefined || matchesPath(entry.path, linted);
      return [[entry, site] as const];
    });
    return sites.filter(([{ until }]) => until === undefined || until >= this.#today);
  }

  #site(key: string, site: Omit<Site, "used" | "relevant">): Site {
    const known = this.#sites.get(key);
    if (known !== undefined) return known;
    const made = { ...site, used: false, relevant: false };
    this.#sites.set(key, made);
    return made;
  }

  /** What the nodes of a program carry. */
  #carried({ path, model, program }: Findings): ReadonlyMap<Node, readonly Site[]> {
    const sites = new Map<Node, Site[]>();
    if (!this.#inline || program === undefined) return sites;
    for (const [node, list] of inlineDirectives(program, this.#rules)) {
      sites.set(
        node,
        list.flatMap((each) => this.#inlineSites(each, path, model)),
      );
    }
    return sites;
  }

  #inlineSites(found: InlineDirective, path: string, model: string): Site[] {
    const { by, directive, node, source, key } = found;
    const { name, target } = node;
    const at = {
      graph: node.graph.path,
      node: name,
      target,
      module: node.modulePath(),
      source,
      jsonPath: nodePath(node),
    };
    const home = { path, model, at };
    const isNew = !this.#refused.has(key);
    this.#refused.add(key);
    if (isNew) for (const problem of directive.problems) this.#refuse(by, problem, home);
    return directive.rules.map((rule) => {
      const suppression = { kind: "inSource", by, reason: directive.reason } as const;
      const site = this.#site(`${key}${rule}`, {
        suppression,
        name: NAMES[by],
        rule,
        until: undefined,
        home,
      });
      site.relevant = true;
      return site;
    });
  }

  #refuse(by: "comment" | "annotation" | "archive", problem: string, home: Home): void {
    const name = by === "archive" ? `${ARCHIVE_SUPPRESSIONS} in the archive` : NAMES[by];
    const parts = { data: { by, problem }, words: { suppression: name }, help: "" };
    this.#found.push(...this.#finding("suppression/invalid", "invalid", home, parts));
  }

  #finding(
    id: string,
    message: string,
    { path, model, at }: Home,
    { data, words, help }: { data: Record<string, Json>; words: Record<string, string>; help: string },
  ): SuppressionFinding[] {
    const rule = this.#config.rules.find((each) => each.id === id);
    const level = this.#config.severities.get(id) ?? "off";
    if (rule === undefined || level === "off") return [];
    // What a list of the config is meant for may not be linted this time.
    const severity = path === null && id === "suppression/unused" && level === "warning" ? "info" : level;
    const diagnostic: Diagnostic = {
      rule: id,
      severity,
      message: fill(rule.messages[message]!, { ...words, ...data }),
      help,
      detail: [],
      data,
      ...at,
    };
    return [{ path, model, diagnostic }];
  }
}

/** Where a suppression stands: plain data, since a program's metadata cannot be read when its file is closed. */
interface Home {
  /** Null for the config. */
  readonly path: string | null;
  readonly model: string;
  readonly at: Pick<Diagnostic, "graph" | "node" | "target" | "module" | "source" | "jsonPath">;
}

/** Suppressions that stand in one list. */
interface List {
  readonly entries: readonly (SuppressionEntry | null)[];
  readonly by: "config" | "archive";
  /** What is added to `suppressions[0]` in a message. */
  readonly name: string;
  readonly home: Home;
}

const NOWHERE: Home["at"] = { graph: "", node: null, target: null, module: "", source: null, jsonPath: "" };
