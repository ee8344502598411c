import { testRule } from "../../src/lint/rule-tester.ts";
import { results } from "./results.ts";

testRule(results);
