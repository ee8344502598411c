import { testRule } from "../../src/lint/rule-tester.ts";
import { overlappingTarget } from "./overlapping-target.ts";

testRule(overlappingTarget);
