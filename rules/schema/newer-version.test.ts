import { testRule } from "../../src/lint/rule-tester.ts";
import { newerVersion } from "./newer-version.ts";

testRule(newerVersion);
