import { testRule } from "../../src/lint/rule-tester.ts";
import { kind } from "./kind.ts";

testRule(kind);
