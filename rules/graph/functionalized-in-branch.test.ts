import { testRule } from "../../src/lint/rule-tester.ts";
import { functionalizedInBranch } from "./functionalized-in-branch.ts";

testRule(functionalizedInBranch);
