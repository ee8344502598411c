import { testRule } from "../../src/lint/rule-tester.ts";
import { constantFoldableRead } from "./constant-foldable-read.ts";

testRule(constantFoldableRead);
