import { testRule } from "../../src/lint/rule-tester.ts";
import { diverges } from "./diverges.ts";

testRule(diverges);
