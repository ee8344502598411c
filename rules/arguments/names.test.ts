import { testRule } from "../../src/lint/rule-tester.ts";
import { names } from "./names.ts";

testRule(names);
