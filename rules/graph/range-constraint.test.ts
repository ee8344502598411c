import { testRule } from "../../src/lint/rule-tester.ts";
import { rangeConstraint } from "./range-constraint.ts";

testRule(rangeConstraint);
