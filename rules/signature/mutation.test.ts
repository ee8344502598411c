import { testRule } from "../../src/lint/rule-tester.ts";
import { mutation } from "./mutation.ts";

testRule(mutation);
