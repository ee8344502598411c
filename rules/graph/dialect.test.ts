import { testRule } from "../../src/lint/rule-tester.ts";
import { dialect } from "./dialect.ts";

testRule(dialect);
