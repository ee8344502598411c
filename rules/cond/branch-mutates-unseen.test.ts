import { testRule } from "../../src/lint/rule-tester.ts";
import { branchMutatesUnseen } from "./branch-mutates-unseen.ts";

testRule(branchMutatesUnseen);
