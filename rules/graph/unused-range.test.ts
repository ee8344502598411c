import { testRule } from "../../src/lint/rule-tester.ts";
import { unusedRange } from "./unused-range.ts";

testRule(unusedRange);
