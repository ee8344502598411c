import { testRule } from "../../src/lint/rule-tester.ts";
import { branchCoverage } from "./branch-coverage.ts";

testRule(branchCoverage);
