import { testRule } from "../../src/lint/rule-tester.ts";
import { partialFill } from "./partial-fill.ts";

testRule(partialFill);
