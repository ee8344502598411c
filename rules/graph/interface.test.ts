import { testRule } from "../../src/lint/rule-tester.ts";
import { graphInterface } from "./interface.ts";

testRule(graphInterface);
