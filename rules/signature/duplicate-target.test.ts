import { testRule } from "../../src/lint/rule-tester.ts";
import { duplicateTarget } from "./duplicate-target.ts";

testRule(duplicateTarget);
