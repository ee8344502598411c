import { testRule } from "../../src/lint/rule-tester.ts";
import { constantWritten } from "./constant-written.ts";

testRule(constantWritten);
